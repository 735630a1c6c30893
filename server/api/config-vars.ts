import { z } from 'zod';
import type { ApiDeps } from './deps.ts';
import { findRelease } from './releases.ts';
import { parseBody } from './request-body.ts';
import { appRoute, type Route, reply } from './route.ts';

/** Linux gives a process 128 KiB for one variable, name and all. */
const longestValue = 64 * 1024;

const name = z
  .string()
  .max(256, 'Name is longer than 256 characters')
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'Name must hold letters, digits and _ alone, and not begin with a digit')
  .refine((text) => text !== '__proto__', 'Name is not allowed');
const value = z
  .string({ error: 'must be text, or null to unset it' })
  .refine((text) => !text.includes('\0'), 'must not hold a NUL character')
  .refine((text) => Buffer.byteLength(text) <= longestValue, `is larger than ${longestValue / 1024} KiB`)
  .nullable();
const changesSchema = z.preprocess(
  // A record skips this key without a word.
  (body, context) => {
    if (body !== null && typeof body === 'object' && Object.hasOwn(body, '__proto__')) {
      context.addIssue({ code: 'custom', message: 'Name is not allowed', path: ['__proto__'], input: body });
    }
    return body;
  },
  z.record(name, value, {
    error: ({ code }) => (code === 'invalid_type' ? 'must be an object of config vars' : undefined),
  }),
);

export function configVarRoutes({ control, stores }: ApiDeps): readonly Route[] {
  return [
    appRoute('get', '/config-vars', async ({ app }) => reply(await control.configVars(app))),
    appRoute('patch', '/config-vars', async (call) => {
      const changes = parseBody(call, changesSchema);
      return reply(await control.setConfigVars({ app: call.app, user: call.user, changes }));
    }),
    appRoute('get', '/releases/:release/config-vars', async (call) =>
      reply((await findRelease(stores, call)).configVars),
    ),
  ];
}
