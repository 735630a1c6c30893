import type { RequestHandler } from 'express';
import express from 'express';
import type { z } from 'zod';
import { ShipwayError } from '../domain/error.ts';
import type { Call } from './route.ts';

/** Bodies are JSON and say so: a form of another page could send anything else without asking. */
export function readBodies(): readonly RequestHandler[] {
  return [
    (request, _response, next) => {
      const isEmpty = request.headers['transfer-encoding'] === undefined && !Number(request.headers['content-length']);
      if (isEmpty || request.is('application/json')) return next();
      throw new ShipwayError('bad_request', 'Body must be JSON, with Content-Type: application/json.');
    },
    express.json({ limit: '1mb', type: 'application/json' }),
  ];
}

/** @throws ShipwayError invalid_params that says which field, and what it must be. */
export function parseBody<Schema extends z.ZodType>({ request }: Call, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(request.body ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') || 'Body';
  throw new ShipwayError('invalid_params', `${field}: ${issue?.message ?? 'is not valid'}`);
}
