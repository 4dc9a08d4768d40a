// What can be asked for a trading partner. Gridlink acts when a requested item is approved, so each item needs the approval
// flow of your organization; it ships without one, and without a catalog, since both are yours.
//
// Role bundles and environments are those of Gridlink's mapping.

import {
    CatalogItem,
    DateVariable,
    EmailVariable,
    MultiLineTextVariable,
    SelectBoxVariable,
    SingleLineTextVariable,
    YesNoVariable,
} from '@servicenow/sdk/core'

CatalogItem({
    $id: Now.ID['onboard_partner'],
    name: 'Onboard a trading partner',
    shortDescription: 'Bring a company into the community with its first user',
    requestMethod: 'request',
    noQuantity: true,
    hideQuantitySelector: true,
    variables: {
        company_name: SingleLineTextVariable({ question: 'Name of the company', mandatory: true, order: 100 }),
        company_id: SingleLineTextVariable({ question: 'Trading Grid ID, if it has one', order: 200 }),
        trading_address: SingleLineTextVariable({
            question: 'Trading address, qualifier and ID',
            mandatory: true,
            order: 300,
        }),
        contact_name: SingleLineTextVariable({ question: 'Name of the first user', mandatory: true, order: 400 }),
        contact_email: EmailVariable({ question: 'E-mail of the first user', mandatory: true, order: 500 }),
        login_id: SingleLineTextVariable({ question: 'Login ID of the first user', mandatory: true, order: 600 }),
        role_bundle: SelectBoxVariable({
            question: 'Role bundle',
            mandatory: true,
            includeNone: true,
            order: 700,
            choices: {
                partner_viewer: { label: 'Viewer', sequence: 1 },
                partner_operator: { label: 'Operator', sequence: 2 },
                partner_finance: { label: 'Finance', sequence: 3 },
                partner_administrator: { label: 'Administrator', sequence: 4 },
            },
        }),
        environment: SelectBoxVariable({
            question: 'Environment',
            mandatory: true,
            includeNone: true,
            order: 800,
            choices: {
                test: { label: 'Test', sequence: 1 },
                production: { label: 'Production', sequence: 2 },
            },
        }),
        go_live: DateVariable({ question: 'Wished date of go-live', order: 900 }),
        reason: MultiLineTextVariable({ question: 'Reason', mandatory: true, order: 1000 }),
    },
})

CatalogItem({
    $id: Now.ID['add_user'],
    name: 'Add a trading partner user',
    shortDescription: 'Give one more person of a partner access to the community',
    requestMethod: 'request',
    noQuantity: true,
    hideQuantitySelector: true,
    variables: {
        company_id: SingleLineTextVariable({ question: 'Trading Grid ID of the company', mandatory: true, order: 100 }),
        first_name: SingleLineTextVariable({ question: 'First name', mandatory: true, order: 200 }),
        last_name: SingleLineTextVariable({ question: 'Last name', mandatory: true, order: 300 }),
        contact_email: EmailVariable({ question: 'E-mail', mandatory: true, order: 400 }),
        login_id: SingleLineTextVariable({ question: 'Login ID of the user', mandatory: true, order: 500 }),
        role_bundle: SelectBoxVariable({
            question: 'Role bundle',
            mandatory: true,
            includeNone: true,
            order: 600,
            choices: {
                partner_viewer: { label: 'Viewer', sequence: 1 },
                partner_operator: { label: 'Operator', sequence: 2 },
                partner_finance: { label: 'Finance', sequence: 3 },
                partner_administrator: { label: 'Administrator', sequence: 4 },
            },
        }),
        environment: SelectBoxVariable({
            question: 'Environment',
            mandatory: true,
            includeNone: true,
            order: 700,
            choices: {
                test: { label: 'Test', sequence: 1 },
                production: { label: 'Production', sequence: 2 },
            },
        }),
        reason: MultiLineTextVariable({ question: 'Reason', mandatory: true, order: 800 }),
    },
})

CatalogItem({
    $id: Now.ID['change_roles'],
    name: "Change a trading partner user's roles",
    shortDescription: "Replace the role bundle of a partner's user",
    requestMethod: 'request',
    noQuantity: true,
    hideQuantitySelector: true,
    variables: {
        company_id: SingleLineTextVariable({ question: 'Trading Grid ID of the company', mandatory: true, order: 100 }),
        login_id: SingleLineTextVariable({ question: 'Login ID of the user', mandatory: true, order: 200 }),
        role_bundle: SelectBoxVariable({
            question: 'Role bundle',
            mandatory: true,
            includeNone: true,
            order: 300,
            choices: {
                partner_viewer: { label: 'Viewer', sequence: 1 },
                partner_operator: { label: 'Operator', sequence: 2 },
                partner_finance: { label: 'Finance', sequence: 3 },
                partner_administrator: { label: 'Administrator', sequence: 4 },
            },
        }),
        environment: SelectBoxVariable({
            question: 'Environment',
            mandatory: true,
            includeNone: true,
            order: 400,
            choices: {
                test: { label: 'Test', sequence: 1 },
                production: { label: 'Production', sequence: 2 },
            },
        }),
        remove_last_administrator: YesNoVariable({
            question: "Remove the company's last administrator too?",
            order: 500,
            defaultValue: 'No',
        }),
        reason: MultiLineTextVariable({ question: 'Reason', mandatory: true, order: 600 }),
    },
})

CatalogItem({
    $id: Now.ID['remove_access'],
    name: "Remove a trading partner user's access",
    shortDescription: "Take a person's access to the community away",
    requestMethod: 'request',
    noQuantity: true,
    hideQuantitySelector: true,
    variables: {
        company_id: SingleLineTextVariable({ question: 'Trading Grid ID of the company', mandatory: true, order: 100 }),
        login_id: SingleLineTextVariable({ question: 'Login ID of the user', mandatory: true, order: 200 }),
        environment: SelectBoxVariable({
            question: 'Environment',
            mandatory: true,
            includeNone: true,
            order: 300,
            choices: {
                test: { label: 'Test', sequence: 1 },
                production: { label: 'Production', sequence: 2 },
            },
        }),
        remove_last_administrator: YesNoVariable({
            question: "Remove the company's last administrator too?",
            order: 400,
            defaultValue: 'No',
        }),
        reason: MultiLineTextVariable({ question: 'Reason', mandatory: true, order: 500 }),
    },
})

CatalogItem({
    $id: Now.ID['offboard_partner'],
    name: 'Off-board a trading partner',
    shortDescription: "End a partner's access with all of its users",
    requestMethod: 'request',
    noQuantity: true,
    hideQuantitySelector: true,
    variables: {
        company_id: SingleLineTextVariable({ question: 'Trading Grid ID of the company', mandatory: true, order: 100 }),
        company_name: SingleLineTextVariable({ question: 'Name of the company', mandatory: true, order: 200 }),
        effective_date: DateVariable({ question: 'Last day of access', order: 300 }),
        remove_last_administrator: YesNoVariable({
            question: "Remove the company's last administrator too?",
            order: 400,
            defaultValue: 'No',
        }),
        reason: MultiLineTextVariable({ question: 'Reason', mandatory: true, order: 500 }),
    },
})
