import { type Argument, Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { usageError } from './cli-error.ts';
import type { CommandCall, CommandGroup, CommandSpec } from './command.ts';
import { accountCommands } from './tables/account.ts';
import { appCommands, configCommands } from './tables/apps.ts';
import { localCommands } from './tables/local.ts';
import { processCommands, releaseCommands } from './tables/runtime.ts';
import type { Terminal } from './terminal.ts';

const groups: readonly CommandGroup[] = [
  localCommands,
  accountCommands,
  appCommands,
  configCommands,
  processCommands,
  releaseCommands,
];

function formatExamples(examples: readonly string[]): string {
  return ['', examples.length > 1 ? 'Examples:' : 'Example:', ...examples.map((example) => `  $ ${example}`), ''].join(
    '\n',
  );
}

function callOf(command: Command, terminal: Terminal): CommandCall {
  const options = command.opts<Readonly<Record<string, unknown>>>();
  return {
    args: command.args,
    terminal,
    folder: process.cwd(),
    text: (option) => {
      const value = options[option];
      return typeof value === 'string' ? value : undefined;
    },
    flag: (option) => options[option] === true,
    isOff: (option) => options[option] === false,
  };
}

function addCommand(program: Command, spec: CommandSpec, terminal: Terminal, done: (exitCode: number) => void): void {
  const command = program.command(spec.name).summary(spec.summary).description(describe(spec));
  for (const alias of spec.aliases ?? []) command.alias(alias);
  for (const [notation, what] of Object.entries(spec.arguments ?? {})) command.argument(notation, what);
  for (const [notation, what] of Object.entries(spec.options ?? {})) command.option(notation, what);
  command.addHelpText('after', formatExamples(spec.examples));
  command.action(async () => done((await spec.run(callOf(command, terminal))) ?? 0));
}

function argumentsOf(command: Command): string {
  return command.registeredArguments.map((one) => (one.required ? `<${name(one)}>` : `[${name(one)}]`)).join(' ');
}

function name(argument: Argument): string {
  return argument.variadic ? `${argument.name()}...` : argument.name();
}

function describe({ summary, aliases = [] }: CommandSpec): string {
  const also = aliases.length === 0 ? '' : `\n\nAlso: ${aliases.map((alias) => `shipway ${alias}`).join(', ')}`;
  return capitalise(summary) + also;
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Commander's `error: unknown command 'confg'\n(Did you mean config?)` as one of ours. */
function fromCommander(error: CommanderError): Error {
  const text = error.message.replace(/^error: /, '').replace(/\n\((Did you mean .*\?)\)/, '. $1');
  const isUnknown = error.code === 'commander.unknownCommand';
  return usageError(capitalise(text), isUnknown ? 'All commands: shipway help' : undefined);
}

/** Runs the command that `args` name. Answers its exit code. @throws CliError and whatever the command throws. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const program = new Command('shipway')
    .description('git push, and the app is live: a platform of your own.')
    .version(manifest.version, '-v, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      // Errors are thrown, and printed where all errors are.
      writeErr: () => undefined,
    })
    .configureHelp({
      subcommandTerm: (command) => `${command.name()} ${argumentsOf(command)}`.trim(),
      commandUsage: (command) =>
        command.parent ? `shipway ${command.name()} ${command.usage()}` : 'shipway COMMAND [options]',
    })
    .exitOverride();
  for (const { title, commands } of groups) {
    program.commandsGroup(title);
    for (const spec of commands) {
      addCommand(program, spec, terminal, (code) => {
        exitCode = code;
      });
    }
  }
  if (args.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw fromCommander(error);
  }
  return exitCode;
}
