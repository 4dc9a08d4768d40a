// How the resources refuse.

import { ServiceError } from '@servicenow/glide/sn_ws_err'
import type { RESTAPIResponse } from '@servicenow/glide/sn_ws_int'

/** Answers with an error in the form of the platform's own. */
export function refuse(response: RESTAPIResponse, status: number, message: string): void {
    const error = new ServiceError()
    error.setStatus(status)
    error.setMessage(message)
    response.setError(error)
}
