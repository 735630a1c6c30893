import type { Terminal } from './terminal.ts';

/** What was typed, parsed. */
export interface CommandCall {
  readonly args: readonly string[];
  readonly terminal: Terminal;
  readonly folder: string;
  /** The value of an option that takes one. */
  text(option: string): string | undefined;
  /** Whether a switch is on. */
  flag(option: string): boolean;
  /** Whether `--no-<option>` was given. */
  isOff(option: string): boolean;
}

/** One line of the command table. `run` imports what it needs: a command loads its own module and no other. */
export interface CommandSpec {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Commander's notation -> what it is: `<name>`, `[name]`, `<name=value...>`. */
  readonly arguments?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
  readonly examples: readonly string[];
  /** Answers the exit code; nothing is 0. */
  readonly run: (call: CommandCall) => Promise<number | undefined>;
}

export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly CommandSpec[];
}

export const appOption = { '-a, --app <name>': 'the app; else the one of the git remote here' } as const;
export const jsonOption = { '--json': 'as JSON' } as const;
