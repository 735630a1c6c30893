/**
 * The one table of what can go wrong: code -> HTTP status, CLI exit code, and whether trying again can help.
 * Codes and statuses are those of the Heroku Platform API v3 where it has a word for it.
 */
const errorTable = {
  bad_request: { status: 400, exitCode: 2, retryable: false },
  unauthorized: { status: 401, exitCode: 3, retryable: false },
  forbidden: { status: 403, exitCode: 3, retryable: false },
  not_found: { status: 404, exitCode: 4, retryable: false },
  conflict: { status: 409, exitCode: 5, retryable: true },
  too_large: { status: 413, exitCode: 2, retryable: false },
  range_not_satisfiable: { status: 416, exitCode: 2, retryable: false },
  invalid_params: { status: 422, exitCode: 2, retryable: false },
  rate_limit: { status: 429, exitCode: 6, retryable: true },
  internal: { status: 500, exitCode: 1, retryable: true },
  engine_unavailable: { status: 503, exitCode: 7, retryable: true },
  unavailable: { status: 503, exitCode: 7, retryable: true },
} as const;

export type ErrorCode = keyof typeof errorTable;

/** An error whose message may be shown to the user: the action first, then what was seen, then what to do. */
export class ShipwayError extends Error {
  override name = 'ShipwayError';
  readonly code: ErrorCode;
  /** Kind of the thing that was not found (Heroku's `resource` field), e.g. `app`. */
  readonly resource: string | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; resource?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.resource = options.resource;
  }

  get status(): number {
    return errorTable[this.code].status;
  }

  get exitCode(): number {
    return errorTable[this.code].exitCode;
  }

  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }
}

/** What a user may see of any thrown value: unknown errors become one sentence, their detail belongs in the log. */
export function toShipwayError(thrown: unknown): ShipwayError {
  if (thrown instanceof ShipwayError) return thrown;
  return new ShipwayError(
    'internal',
    'The platform failed. The detail is in its log (server.log in the data folder).',
    {
      cause: thrown,
    },
  );
}
