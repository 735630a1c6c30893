import { keepPreviousData, QueryCache, QueryClient, type UseQueryResult, useQuery } from '@tanstack/react-query';
import * as z from 'zod/mini';
import { ApiError } from './client.ts';
import { useClient } from './context.ts';
import {
  type Account,
  type App,
  accountSchema,
  appSchema,
  type Build,
  buildSchema,
  configVarsSchema,
  type Dyno,
  dynoSchema,
  type FormationEntry,
  formationSchema,
  type Release,
  releaseSchema,
} from './schemas.ts';

/** How often a page in sight asks again. A page out of sight asks every `hiddenMs`, and at once when it comes back. */
const appMs = 2_000;
const listMs = 5_000;
const hiddenMs = 30_000;
const longestWaitMs = 15_000;

/** Failures that may pass are tried again for as long as somebody looks, at growing distances; the last answer stays on the page. */
export function createQueryClient(): QueryClient {
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      // The session ended while a page was open: the account is asked again, and its 401 brings the sign-in page.
      onError: (error, query) => {
        if (!isUnauthorized(error) || query.queryKey[0] === keys.account[0]) return;
        void queries.invalidateQueries({ queryKey: keys.account });
      },
    }),
    defaultOptions: {
      queries: {
        // A platform of one's own is often on this very machine: it is reached where the browser believes to be offline.
        networkMode: 'always',
        retry: (_count, error) => isRetryable(error),
        retryDelay: (count) => Math.min(1000 * 2 ** count, longestWaitMs),
        refetchOnWindowFocus: 'always',
        refetchIntervalInBackground: true,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
  return queries;
}

export function isUnauthorized(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/**
 * What is wrong with a query, also while it is tried again; nothing while Shipway is away as a whole, which the banner tells.
 */
export function failureOf({ error, failureReason }: Pick<UseQueryResult, 'error' | 'failureReason'>): Error | null {
  const failure = error ?? failureReason;
  return failure instanceof ApiError && failure.away ? null : failure;
}

function isRetryable(error: unknown): boolean {
  return error instanceof ApiError && error.retryable;
}

/** An error that will not pass by itself (404, an answer of another shape) ends the asking until the page is opened again. */
function every(ms: number) {
  return (query: { readonly state: { readonly status: string } }): number | false => {
    if (query.state.status === 'error') return false;
    return document.visibilityState === 'visible' ? ms : hiddenMs;
  };
}

interface Resource<T> {
  readonly key: readonly unknown[];
  readonly path: string;
  readonly schema: z.ZodMiniType<T>;
  readonly everyMs?: number;
  readonly range?: string;
  readonly enabled?: boolean;
}

function useResource<T>({ key, path, schema, everyMs, range, enabled = true }: Resource<T>): UseQueryResult<T> {
  const client = useClient();
  return useQuery({
    queryKey: key,
    queryFn: async ({ signal }) =>
      schema.parse(await client.send({ path, signal, ...(range === undefined ? {} : { range }) })),
    refetchInterval: everyMs === undefined ? false : every(everyMs),
    placeholderData: keepPreviousData,
    enabled,
  });
}

export const keys = {
  account: ['account'],
  apps: ['apps'],
  app: (app: string) => ['app', app],
  part: (app: string, part: string) => ['app', app, part],
} as const;

export function appPath(app: string, ...parts: readonly string[]): string {
  return ['/apps', ...[app, ...parts].map(encodeURIComponent)].join('/');
}

export const useAccount = (): UseQueryResult<Account> =>
  useResource({ key: keys.account, path: '/account', schema: accountSchema });

export const useApps = (): UseQueryResult<readonly App[]> =>
  useResource({
    key: keys.apps,
    path: '/users/~/apps',
    range: 'name ..; max=1000',
    schema: z.array(appSchema),
    everyMs: listMs,
  });

export const useApp = (app: string): UseQueryResult<App> =>
  useResource({ key: keys.part(app, 'app'), path: appPath(app), schema: appSchema, everyMs: appMs });

/** `slow` is for lists of many apps; `enabled` false for rows out of sight; `max` counts from the newest. */
interface Pace {
  readonly max?: number;
  readonly slow?: boolean;
  readonly enabled?: boolean;
}

const pace = ({ slow = false, enabled = true }: Pace) => ({ everyMs: slow ? listMs : appMs, enabled });

export const useDynos = (app: string, options: Pace = {}): UseQueryResult<readonly Dyno[]> =>
  useResource({
    key: keys.part(app, 'dynos'),
    path: appPath(app, 'dynos'),
    range: 'name ..; max=1000',
    schema: z.array(dynoSchema),
    ...pace(options),
  });

export const useBuilds = (app: string, options: Pace = {}): UseQueryResult<readonly Build[]> =>
  useResource({
    key: [...keys.part(app, 'builds'), options.max ?? 5],
    path: appPath(app, 'builds'),
    range: `created_at ..; order=desc,max=${options.max ?? 5}`,
    schema: z.array(buildSchema),
    ...pace(options),
  });

export const useBuild = (app: string, id: string): UseQueryResult<Build> =>
  useResource({
    key: [...keys.part(app, 'build'), id],
    path: appPath(app, 'builds', id),
    schema: buildSchema,
    everyMs: appMs,
  });

export const useReleases = (app: string, options: Pace = {}): UseQueryResult<readonly Release[]> =>
  useResource({
    key: [...keys.part(app, 'releases'), options.max ?? 10],
    path: appPath(app, 'releases'),
    range: `version ..; order=desc,max=${options.max ?? 10}`,
    schema: z.array(releaseSchema),
    ...pace(options),
  });

export const useConfigVars = (app: string): UseQueryResult<Readonly<Record<string, string>>> =>
  useResource({ key: keys.part(app, 'config-vars'), path: appPath(app, 'config-vars'), schema: configVarsSchema });

export const useFormation = (app: string): UseQueryResult<readonly FormationEntry[]> =>
  useResource({
    key: keys.part(app, 'formation'),
    path: appPath(app, 'formation'),
    schema: z.array(formationSchema),
    everyMs: appMs,
  });
