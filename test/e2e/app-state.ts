import { z } from 'zod';
import type { TestPlatform } from '../support/platform.ts';

const buildSchema = z.object({
  id: z.string(),
  commit: z.string(),
  state: z.string(),
  finished: z.boolean(),
  release_version: z.number().nullable(),
});
const dynoSchema = z.object({ name: z.string(), state: z.string(), release: z.object({ version: z.number() }) });
const releaseSchema = z.object({
  version: z.number(),
  status: z.string(),
  current: z.boolean(),
  description: z.string(),
  failure: z.string().nullable(),
});

export type Build = z.output<typeof buildSchema>;

async function list<Item>(platform: TestPlatform, path: string, item: z.ZodType<Item>): Promise<readonly Item[]> {
  const { body } = await platform.api('GET', path);
  return z.array(item).parse(body);
}

/** Newest first. */
export const builds = (platform: TestPlatform, app: string) => list(platform, `/apps/${app}/builds`, buildSchema);
export const dynos = (platform: TestPlatform, app: string) => list(platform, `/apps/${app}/dynos`, dynoSchema);
/** Oldest first. */
export const releases = (platform: TestPlatform, app: string) => list(platform, `/apps/${app}/releases`, releaseSchema);

export function scale(platform: TestPlatform, app: string, quantities: Readonly<Record<string, number>>) {
  const updates = Object.entries(quantities).map(([type, quantity]) => ({ type, quantity }));
  return platform.api('PATCH', `/apps/${app}/formation`, { updates });
}

/** What a log session without `tail` gives. */
export async function logs(platform: TestPlatform, app: string, options: object = {}): Promise<string> {
  const { body } = await platform.api('POST', `/apps/${app}/log-sessions`, options);
  const { logplex_url: url } = z.object({ logplex_url: z.string() }).parse(body);
  return (await fetch(url)).text();
}
