// The part of ServiceNow's server-side language that the application uses, over `ask`: what is asked of the instance,
// by name, with its answer, both as JSON. What is not here does not exist, so a script that uses it fails.

const ask = (name, question = {}) => JSON.parse(__ask(name, JSON.stringify(question)))

/** What a query may hold: the platform has no escape for its separators. */
function queryValue(value) {
    const text = String(value)
    if (/[\^]|^javascript:/.test(text)) throw new Error(`this value does not belong into a query: ${text}`)
    return text
}

class GlideRecord {
    constructor(table) {
        this._table = table
        this._info = ask('table', { table })
        this._conditions = []
        this._orders = []
        this._limit = 0
        this._row = null
        this._rows = null
        this._changes = {}
        this._isSecure = false
    }

    // Queries.
    addQuery(field, operator, value) {
        if (value === undefined) [operator, value] = ['=', operator]
        if (!(field in this._info.columns)) throw new Error(`${this._table} has no field ${field}`)
        this._conditions.push(`${field}${operator}${queryValue(value)}`)
    }
    addEncodedQuery(query) {
        this._conditions.push(query)
    }
    orderBy(field) {
        this._orders.push(`ORDERBY${field}`)
    }
    setLimit(limit) {
        this._limit = limit
    }
    query() {
        const query = [...this._conditions, ...this._orders].join('^')
        this._rows = ask('query', { table: this._table, query, limit: this._limit, secure: this._isSecure })
        this._row = null
    }
    next() {
        this._row = this._rows.shift() ?? null
        this._changes = {}
        return this._row !== null
    }
    get(field, value) {
        const found = value === undefined ? { sys_id: field } : { [field]: value }
        const [[name, wanted]] = Object.entries(found)
        const query = `${name}=${queryValue(wanted)}`
        this._row = ask('query', { table: this._table, query, limit: 1, secure: this._isSecure })[0] ?? null
        this._changes = {}
        return this._row !== null
    }

    // The row.
    isValid() {
        return this._info !== null
    }
    isValidField(field) {
        return this._info !== null && field in ask('table', { table: this._row?.class ?? this._table }).columns
    }
    isNewRecord() {
        return this._row !== null && this._row.isNew === true
    }
    initialize() {
        this._row = { class: this._table, fields: {}, isNew: true }
        this._changes = {}
    }
    newRecord() {
        this.initialize()
        this._changes.sys_id = ask('newId')
    }
    setNewGuidValue(sysId) {
        this._changes.sys_id = sysId
    }
    getTableName() {
        return this._table
    }
    getRecordClassName() {
        return this._row.class
    }
    getUniqueValue() {
        return this._changes.sys_id ?? this._row.fields.sys_id
    }
    getValue(field) {
        const value = this._changes[field] ?? this._row.fields[field]
        if (value === undefined || value === '') return null
        if (this._info.columns[field] === 'boolean') return value === 'true' ? '1' : '0'
        return value
    }
    getDisplayValue(field) {
        return ask('display', { class: this._row.class, sysId: this.getUniqueValue(), field })
    }
    setValue(field, value) {
        if (this._row === null) this.initialize()
        this._changes[field] = String(value)
    }

    // Writes.
    insert() {
        if (this._row === null) this.initialize()
        const sysId = ask('insert', { table: this._table, fields: this._changes, secure: this._isSecure })
        if (sysId === null) return null
        this.get(sysId)
        return sysId
    }
    update() {
        const sysId = this._row.fields.sys_id
        const write = { table: this._table, sysId, fields: this._changes, secure: this._isSecure }
        if (!ask('update', write)) return null
        Object.assign(this._row.fields, this._changes)
        this._changes = {}
        return sysId
    }
    deleteRecord() {
        return ask('delete', { table: this._table, sysIds: [this.getUniqueValue()] })
    }
    deleteMultiple() {
        this.query()
        ask('delete', { table: this._table, sysIds: this._rows.map((row) => row.fields.sys_id) })
    }
    canRead() {
        return ask('may', { operation: 'read', table: this._table, sysId: this.getUniqueValue() })
    }
    canWrite() {
        return ask('may', { operation: 'write', table: this._table, sysId: this.getUniqueValue() })
    }
}

class GlideRecordSecure extends GlideRecord {
    constructor(table) {
        super(table)
        this._isSecure = true
    }
}

class GlideAggregate extends GlideRecord {
    addAggregate(kind) {
        if (kind !== 'COUNT') throw new Error(`${kind} is not counted here`)
    }
    query() {
        super.query()
        this._count = this._rows.length
        this._rows = [{ class: this._table, fields: {} }]
    }
    getAggregate() {
        return String(this._count)
    }
}

class GlideDateTime {
    constructor(stored) {
        this._at = stored === undefined ? ask('now') : Date.parse(`${stored.replace(' ', 'T')}Z`)
    }
    getNumericValue() {
        return this._at
    }
    /** As the database holds it: UTC, in whole seconds. */
    getValue() {
        return new Date(this._at).toISOString().slice(0, 19).replace('T', ' ')
    }
    addSeconds(seconds) {
        this._at += seconds * 1000
    }
    addDaysUTC(days) {
        this.addSeconds(days * 24 * 3600)
    }
}

class GlideTableHierarchy {
    constructor(table) {
        this._table = table
    }
    getTables() {
        return ask('table', { table: this._table })?.lineage ?? []
    }
}

class GlideDigest {
    getSHA256Hex(text) {
        return ask('sha256', { text })
    }
}

const CertificateEncryption = {
    generateMac(key, algorithm, data) {
        if (algorithm !== 'HmacSHA256') throw new Error(`${algorithm} is not known`)
        return ask('mac', { key, data })
    },
}

class Connection {
    constructor(found) {
        this._found = found
    }
    getAttribute(name) {
        return this._found.connection[name] ?? null
    }
    getCredentialAttribute(name) {
        return this._found.credential[name] ?? null
    }
}

class ConnectionProvider {
    getConnectionInfo(alias) {
        const found = ask('connection', { alias })
        return found === null ? null : new Connection(found)
    }
}

class RESTMessageV2 {
    constructor() {
        this._request = { headers: {}, body: '', method: 'get', url: '' }
    }
    setEndpoint(url) {
        this._request.url = url
    }
    setHttpMethod(method) {
        this._request.method = method
    }
    setHttpTimeout() {}
    setFollowRedirect() {}
    disableForcedVariableSubstitution() {
        this._isPlain = true
    }
    setRequestHeader(name, value) {
        this._request.headers[name] = String(value)
    }
    setRequestBody(body) {
        if (!this._isPlain && body.includes('${')) throw new Error('the body would be changed')
        this._request.body = body
    }
    execute() {
        return new RESTResponseV2(ask('http', this._request))
    }
}

class RESTResponseV2 {
    constructor(answer) {
        this._answer = answer
    }
    getStatusCode() {
        return this._answer.status
    }
    getErrorMessage() {
        return this._answer.error
    }
    getHeader(name) {
        return this._answer.headers[name.toLowerCase()] ?? null
    }
    getBody() {
        return this._answer.body
    }
}

class ServiceError {
    setStatus(status) {
        this.status = status
        return this
    }
    setMessage(message) {
        this.message = message
        return this
    }
    setDetail(detail) {
        this.detail = detail
        return this
    }
}

/** What a script shows to whoever it runs for. */
let messages = []

const log = (level) => (message) => ask('log', { level, message: String(message) })

const gs = {
    getProperty: (name, otherwise = null) => ask('property', { name }) ?? otherwise,
    getUserName: () => ask('user'),
    debug: log('-1'),
    info: log('0'),
    warn: log('1'),
    error: log('2'),
    addInfoMessage: (message) => messages.push({ info: String(message) }),
    addErrorMessage: (message) => messages.push({ error: String(message) }),
    eventQueue: (name, record, first, second) =>
        ask('event', { name, table: record.getTableName(), sysId: record.getUniqueValue(), first, second }),
}

globalThis.__glide = {
    '@servicenow/glide': {
        CertificateEncryption,
        GlideAggregate,
        GlideDateTime,
        GlideDigest,
        GlideRecord,
        GlideRecordSecure,
        GlideTableHierarchy,
        gs,
    },
    '@servicenow/glide/sn_cc': { ConnectionProvider },
    '@servicenow/glide/sn_ws': { RESTMessageV2 },
    '@servicenow/glide/sn_ws_err': { ServiceError },
}

/** A record that a script finds at its start. Its fields can be read as members, too, and compared with values. */
function recordOf(row) {
    const record = new GlideRecord(row.class)
    record._row = row
    return new Proxy(record, {
        get(target, name) {
            if (name in target || !(name in target._info.columns)) return target[name]
            const value = target.getValue(name) ?? ''
            const isBoolean = target._info.columns[name] === 'boolean'
            return { [Symbol.toPrimitive]: (hint) => (isBoolean && hint === 'default' ? value === '1' : value) }
        },
        set(target, name, value) {
            if (name in target._info.columns) throw new Error(`${String(name)} is set with setValue here`)
            target[name] = value
            return true
        },
    })
}

class Answer {
    constructor() {
        this.result = { status: 200, headers: {}, body: null, error: null }
    }
    setStatus(status) {
        this.result.status = status
    }
    setHeader(name, value) {
        this.result.headers[name] = value
    }
    setBody(body) {
        this.result.body = body
    }
    setError(error) {
        this.result.error = error
    }
}

/** Runs a script with what it finds at its start; gives what it answered. */
globalThis.__run = (script, given) => {
    const { row, body } = JSON.parse(given)
    const response = new Answer()
    messages = []
    const run = new Function('current', 'previous', 'request', 'response', 'require', script)
    run(row && recordOf(row), null, { body: { data: body } }, response, __require)
    return JSON.stringify({ ...response.result, messages })
}
