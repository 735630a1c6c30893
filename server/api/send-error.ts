import type { Response } from 'express';
import { ShipwayError, toShipwayError } from '../domain/error.ts';

/** Express and its body parser throw errors with a status of their own. */
function fromExpress(thrown: unknown): unknown {
  if (thrown instanceof ShipwayError || !(thrown instanceof Error) || !('status' in thrown)) return thrown;
  if (thrown.status === 413) return new ShipwayError('too_large', 'Body is larger than 1 MB.');
  if ('type' in thrown && thrown.type === 'entity.parse.failed') {
    return new ShipwayError('bad_request', 'Body is not JSON.');
  }
  const isClients = typeof thrown.status === 'number' && thrown.status >= 400 && thrown.status < 500;
  return isClients ? new ShipwayError('bad_request', 'Request is not understood.') : thrown;
}

/** Heroku's form: `{id, message, resource?}`. What the user may not see goes to the log, without the request's body and headers. */
export function sendError(response: Response, thrown: unknown, log: (text: string) => void): void {
  // The client left; what its absence broke is nobody's concern.
  if (response.destroyed) return;
  const error = toShipwayError(fromExpress(thrown));
  if (error.status >= 500) {
    const { cause } = error;
    const detail = cause instanceof Error ? cause.stack : cause;
    log(`api: ${response.req.method} ${response.req.path} (${response.get('Request-Id')}): ${detail ?? error.stack}`);
  }
  if (response.headersSent) {
    // A stream that broke: the client sees it cut, not ended.
    response.destroy();
    return;
  }
  if (error.code === 'unauthorized') response.set('WWW-Authenticate', 'Bearer realm="shipway"');
  const resource = error.resource === undefined ? {} : { resource: error.resource };
  response.status(error.status).json({ id: error.code, message: error.message, ...resource });
}
