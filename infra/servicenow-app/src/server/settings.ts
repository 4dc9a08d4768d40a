// What the administrator set.

import { gs } from '@servicenow/glide'
import { ConnectionProvider } from '@servicenow/glide/sn_cc'
import { keysOf } from './lib/signing'

/** The connection alias of this application: `sys_id` of the record in ../fluent/connection.now.ts. */
export const CONNECTION_ALIAS = 'd3ced1e9062b4c69a0e36ce1e10bced4'

/** Where events go and what signs them. */
export interface Connection {
    /** The address of the webhook, for example `https://gridlink.example/live/hooks/servicenow`. */
    url: string
    keys: string[]
}

/** Whether anything is noted and sent. */
export function isActive(): boolean {
    return gs.getProperty('x_gridlink.active', 'false') === 'true'
}

export function integrationUser(): string {
    return gs.getProperty('x_gridlink.integration_user', '')
}

/** The tables that the administrator wants told of; all when empty. */
export function toldTables(): string {
    return gs.getProperty('x_gridlink.tables', '')
}

export function wholeNumber(property: string, otherwise: number): number {
    const value = parseInt(gs.getProperty(`x_gridlink.${property}`, ''), 10)
    return value > 0 ? value : otherwise
}

/**
 * The connection; a sentence that says what is missing when there is none.
 *
 * That scripts of a scope may ask a ConnectionProvider, and that the attributes have these names, is what ServiceNow's
 * own type definitions and tables say; it was not tried on an instance.
 */
export function connection(): Connection | string {
    const info = new ConnectionProvider().getConnectionInfo(CONNECTION_ALIAS)
    if (!info) return 'the connection alias Gridlink has no active connection'
    const url = info.getAttribute('connection_url') || ''
    if (!/^https?:\/\//.test(url)) return 'the connection has no address that begins with http'
    try {
        return { url, keys: keysOf(info.getCredentialAttribute('api_key') || '') }
    } catch (error) {
        return `the API key of the connection cannot be used: ${messageOf(error)}`
    }
}

export function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error)
}
