import * as z from 'zod/mini';

// Zod compiles checks with `new Function` where it may; the dashboard's Content-Security-Policy forbids that.
z.config({ jitless: true });

// Only the fields that the pages show (Heroku Platform API v3, plus Shipway's extensions where marked).

const user = z.object({ email: z.string() });

export const accountSchema = z.object({ id: z.string(), email: z.string() });

export const appSchema = z.object({
  id: z.string(),
  name: z.string(),
  owner: user,
  maintenance: z.boolean(),
  web_url: z.string(),
  git_url: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
});

export const dynoSchema = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  state: z.string(),
  command: z.string(),
  size: z.string(),
  release: z.nullish(z.object({ version: z.number() })),
  updated_at: z.string(),
});

export const formationSchema = z.object({
  id: z.string(),
  type: z.string(),
  quantity: z.number(),
  size: z.string(),
  command: z.nullish(z.string()),
});

export const releaseSchema = z.object({
  id: z.string(),
  version: z.number(),
  status: z.string(),
  description: z.string(),
  current: z.optional(z.boolean()),
  user,
  /** Null for a release of config vars alone. */
  slug: z.nullish(z.object({ id: z.string() })),
  /** Extensions. */
  commit: z.nullish(z.string()),
  failure: z.nullish(z.string()),
  created_at: z.string(),
  updated_at: z.string(),
});

export const buildSchema = z.object({
  id: z.string(),
  status: z.string(),
  user,
  source_blob: z.nullish(z.object({ version: z.nullish(z.string()) })),
  release: z.nullish(z.object({ id: z.string() })),
  output_stream_url: z.string(),
  /** Extensions. `state` is the exact one of `status`; `finished` once its release is live or has failed. */
  state: z.optional(z.string()),
  finished: z.optional(z.boolean()),
  phases: z.optional(z.array(z.object({ name: z.string(), durationMs: z.number() }))),
  failure: z.nullish(z.string()),
  ref: z.nullish(z.string()),
  created_at: z.string(),
  updated_at: z.string(),
});

export const configVarsSchema = z.record(z.string(), z.string());

export const logSessionSchema = z.object({ logplex_url: z.string() });

export const failureSchema = z.object({ id: z.optional(z.string()), message: z.string() });

export type Account = z.infer<typeof accountSchema>;
export type App = z.infer<typeof appSchema>;
export type Dyno = z.infer<typeof dynoSchema>;
export type FormationEntry = z.infer<typeof formationSchema>;
export type Release = z.infer<typeof releaseSchema>;
export type Build = z.infer<typeof buildSchema>;
