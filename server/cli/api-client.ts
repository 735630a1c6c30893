import { hostname } from 'node:os';
import * as z from 'zod/mini';
import { type ErrorCode, ShipwayError } from '../domain/error.ts';
import { CliError } from './cli-error.ts';
import { type HttpCall, readText, send } from './http.ts';

/** The Heroku Platform API v3, as far as the commands need it. */
export interface ApiClient {
  readonly baseUrl: URL;
  call<Schema extends z.ZodMiniType>(request: ApiRequest, schema: Schema): Promise<z.output<Schema>>;
  /** All pages of a list. */
  list<Schema extends z.ZodMiniType>(request: ApiRequest, schema: Schema): Promise<readonly z.output<Schema>[]>;
  /** For an answer that nobody reads. */
  tell(request: ApiRequest): Promise<void>;
}

export interface ApiRequest {
  readonly method: HttpCall['method'];
  /** `/apps/hello`: parts are to be encoded by `path`. */
  readonly path: string;
  readonly body?: unknown;
  /** `version ..; order=desc,max=15` */
  readonly range?: string;
  readonly authorization?: string;
}

/** `path`/apps/${name}/dynos``: what is put in stays one part of the path. */
export function path(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return String.raw({ raw: parts.raw }, ...values.map((value) => encodeURIComponent(value)));
}

const requestTimeoutMs = 60_000;
const accept = 'application/vnd.heroku+json; version=3';
const errorSchema = z.object({ id: z.optional(z.string()), message: z.optional(z.string()) });

export function buildCall(baseUrl: URL, request: ApiRequest, token: string | undefined): HttpCall {
  const authorization = request.authorization ?? (token === undefined ? undefined : `Bearer ${token}`);
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const headers = {
    Accept: accept,
    'User-Agent': 'shipway-cli',
    ...(authorization === undefined ? {} : { Authorization: authorization }),
    ...(request.range === undefined ? {} : { Range: request.range }),
    ...(body === undefined
      ? {}
      : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }),
  };
  return { method: request.method, url: new URL(request.path, baseUrl), headers, body, timeoutMs: requestTimeoutMs };
}

const codesByStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  422: 'invalid_params',
  429: 'rate_limit',
  503: 'unavailable',
};

/** The message is the API's; the exit code is the error table's. */
export function readError(status: number, text: string): CliError {
  const parsed = z.safeParse(errorSchema, parseJson(text));
  const { id, message } = parsed.success ? parsed.data : {};
  const known = codesByStatus[status] ?? (status < 500 ? 'bad_request' : 'internal');
  const exitCode = id === 'engine_unavailable' ? 7 : new ShipwayError(known, '').exitCode;
  const hint = status === 401 ? 'Log in: shipway login' : undefined;
  return new CliError(message ?? `The server answered with status ${status}.`, { exitCode, hint });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function createApiClient(baseUrl: URL, token: string | undefined): ApiClient {
  const exchange = async (request: ApiRequest) => {
    const call = buildCall(baseUrl, request, token);
    const response = await send(call);
    const text = await readText(response, call.url);
    const status = response.statusCode ?? 500;
    if (status >= 400) throw readError(status, text);
    return { json: parseJson(text), next: status === 206 ? response.headers['next-range'] : undefined };
  };
  const validate = <Schema extends z.ZodMiniType>(schema: Schema, json: unknown): z.output<Schema> => {
    const result = z.safeParse(schema, json);
    if (result.success) return result.data;
    throw new CliError(`${baseUrl.origin} does not answer as Shipway does.`, {
      exitCode: 1,
      hint: 'Is SHIPWAY_URL right?',
    });
  };
  return {
    baseUrl,
    call: async (request, schema) => validate(schema, (await exchange(request)).json),
    list: async (request, schema) => {
      const items: z.output<typeof schema>[] = [];
      for (let range = request.range; ; ) {
        const page = await exchange(range === undefined ? request : { ...request, range });
        items.push(...validate(z.array(schema), page.json));
        // Who gave a range wants that much and no more.
        if (typeof page.next !== 'string' || request.range !== undefined) return items;
        range = page.next;
      }
    },
    tell: async (request) => {
      await exchange(request);
    },
  };
}

export function basicAuthorization(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

export function authorizationDescription(): string {
  return `Shipway CLI on ${hostname()}`;
}
