import { RestApi } from '@servicenow/sdk/core'
import { apply } from '../server/rest/apply'
import { health } from '../server/rest/health'
import { showParked } from '../server/rest/parked'
import { resources } from './security.now'

RestApi({
    $id: Now.ID['connector'],
    name: 'Gridlink connector',
    serviceId: 'connector',
    consumes: 'application/json',
    produces: 'application/json',
    enforceAcl: [resources],
    versions: [{ $id: Now.ID['connector_v1'], version: 1, isDefault: true }],
    routes: [
        {
            $id: Now.ID['connector_health'],
            name: 'health',
            path: '/health',
            method: 'GET',
            version: 1,
            script: health,
            enforceAcl: [resources],
        },
        {
            $id: Now.ID['connector_apply'],
            name: 'apply',
            path: '/apply',
            method: 'POST',
            version: 1,
            script: apply,
            enforceAcl: [resources],
        },
        {
            $id: Now.ID['connector_parked'],
            name: 'parked',
            path: '/parked',
            method: 'PUT',
            version: 1,
            script: showParked,
            enforceAcl: [resources],
        },
    ],
})
