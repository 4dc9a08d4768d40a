// Which records are told of. The fields whose changes are told are in the conditions of the business rules, which
// alone can ask for changes: see ../../fluent/rules.now.ts.

/** Files on records. */
export const FILES = 'sys_attachment'

/** Tables whose records are told of, with those that extend them. */
const WATCHED = ['incident', 'sn_customerservice_case', 'task', 'sc_req_item', 'sysapproval_approver', 'kb_knowledge']

/** Nothing of Gridlink looks at problems, and large instances have many. */
const UNWATCHED = ['problem']

/**
 * The watched table that is nearest to a class; nothing when its records are not told of.
 *
 * @param lineage the class and the tables that it extends, the class first
 * @param told what the administrator wants told of: names of watched tables, separated by commas; all when empty
 */
export function watchedTable(lineage: string[], told: string): string | undefined {
    const nearest = lineage.find((table) => WATCHED.includes(table) || UNWATCHED.includes(table))
    if (nearest === undefined || UNWATCHED.includes(nearest)) return undefined
    const wanted = words(told)
    return wanted.length === 0 || wanted.includes(nearest) ? nearest : undefined
}

function words(list: string): string[] {
    return list
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '')
}
