import { ShipwayError } from '../../server/domain/error.ts';

/** Codes of the OCI distribution specification 1.1, "Error Codes"; the last three are what other registries answer where it has none. */
const registryErrors = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 413,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  RANGE_INVALID: 416,
  UNAVAILABLE: 503,
  UNKNOWN: 500,
} as const;

export type RegistryErrorCode = keyof typeof registryErrors;

/** What the registry's clients understand. Apart from ShipwayError since codes and statuses are the specification's, not the API's. */
export class RegistryError extends Error {
  override name = 'RegistryError';
  readonly code: RegistryErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RegistryErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }

  get status(): number {
    return registryErrors[this.code];
  }
}

/** Unknown errors become one sentence: their detail belongs in the log. */
export function toRegistryError(thrown: unknown): RegistryError {
  if (thrown instanceof RegistryError) return thrown;
  if (thrown instanceof ShipwayError && thrown.retryable) return new RegistryError('UNAVAILABLE', thrown.message);
  return new RegistryError('UNKNOWN', 'The registry failed. The detail is in the log of the server.');
}

/** The work's result; a ShipwayError `invalid_params` becomes `code`, with its message. */
export async function refusing<T>(code: RegistryErrorCode, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof ShipwayError && thrown.code === 'invalid_params')
      throw new RegistryError(code, thrown.message);
    throw thrown;
  }
}
