import * as z from 'zod/mini';

/** What the commands read of the API's answers (Heroku Platform API v3; `state`, `finished`, `failure` are Shipway's own). Loose: `--json` prints all that came. */
export const appShape = z.looseObject({
  name: z.string(),
  git_url: z.string(),
  web_url: z.nullable(z.string()),
  maintenance: z.boolean(),
  created_at: z.string(),
  released_at: z.nullish(z.string()),
  owner: z.object({ email: z.string() }),
  buildpack_provided_description: z.nullish(z.string()),
});

export const releaseShape = z.looseObject({
  id: z.string(),
  version: z.number(),
  status: z.string(),
  current: z.boolean(),
  description: z.string(),
  created_at: z.string(),
  eligible_for_rollback: z.boolean(),
  failure: z.nullish(z.string()),
  commit: z.nullish(z.string()),
  user: z.object({ email: z.string() }),
});

export const buildShape = z.looseObject({
  id: z.string(),
  status: z.string(),
  state: z.optional(z.string()),
  finished: z.optional(z.boolean()),
  failure: z.nullish(z.string()),
  commit: z.nullish(z.string()),
  created_at: z.string(),
  output_stream_url: z.string(),
  release_version: z.nullish(z.number()),
  user: z.object({ email: z.string() }),
});

export const dynoShape = z.looseObject({
  name: z.string(),
  type: z.string(),
  state: z.string(),
  command: z.string(),
  size: z.string(),
  updated_at: z.string(),
  release: z.nullish(z.object({ version: z.number() })),
});

export const formationShape = z.looseObject({ type: z.string(), quantity: z.number(), size: z.string() });
export const configShape = z.record(z.string(), z.string());
export const accountShape = z.object({ email: z.string() });
export const logSessionShape = z.object({ logplex_url: z.string() });
export const authorizationShape = z.object({
  access_token: z.object({ token: z.string() }),
  user: z.object({ email: z.string() }),
});
