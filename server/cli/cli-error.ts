/** What a command ends with when it cannot do what was asked: a sentence for the user, and the exit code. */
export class CliError extends Error {
  override name = 'CliError';
  readonly exitCode: number;
  /** What to type next, on a line of its own. */
  readonly hint: string | undefined;

  constructor(message: string, options: { readonly exitCode: number; readonly hint?: string | undefined }) {
    super(message);
    this.exitCode = options.exitCode;
    this.hint = options.hint;
  }
}

/** Wrong use of a command. */
export function usageError(message: string, hint?: string): CliError {
  return new CliError(message, { exitCode: 2, hint });
}
