import type { CommandCall, CommandGroup } from '../command.ts';

/** Exact optional properties: an option that was not given is not there. */
function given<Name extends string>(call: CommandCall, ...names: readonly Name[]): Partial<Record<Name, string>> {
  const options: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = call.text(name);
    if (value !== undefined) options[name] = value;
  }
  return options;
}

const dataOption = { '--data <dir>': 'data folder of the platform (default: $SHIPWAY_DATA, else /var/lib/shipway)' };

export const localCommands: CommandGroup = {
  title: 'This machine:',
  commands: [
    {
      name: 'up',
      summary: 'start the platform on this machine',
      options: {
        '--detach': 'leave it running in the background',
        '--port <port>': 'public port (default: 8080)',
        ...dataOption,
        '--domain <domain>': "the platform's own host name; apps live below it (default: localhost)",
      },
      examples: ['shipway up --detach', 'shipway up --port 8090 --data /srv/shipway --domain example.com'],
      run: async (call) => {
        const { parsePort } = await import('../numbers.ts');
        const { run } = await import('../local/up.ts');
        const port = call.text('port');
        const options = { ...given(call, 'data', 'domain'), ...(port === undefined ? {} : { port: parsePort(port) }) };
        return run({ ...options, detach: call.flag('detach') });
      },
    },
    {
      name: 'down',
      summary: 'stop the platform; its data stays',
      options: dataOption,
      examples: ['shipway down'],
      run: async (call) => (await import('../local/down.ts')).run(given(call, 'data')),
    },
    {
      name: 'status',
      summary: 'what of the platform runs, with pids and memory',
      options: { '--json': 'as JSON', ...dataOption },
      examples: ['shipway status', 'shipway status --json'],
      run: async (call) =>
        (await import('../local/status.ts')).run({ ...given(call, 'data'), json: call.flag('json') }),
    },
    {
      name: 'token',
      summary: 'print an API token of the first user',
      options: dataOption,
      examples: ['SHIPWAY_API_KEY=$(shipway token) shipway apps'],
      run: async (call) => (await import('../local/token.ts')).run(given(call, 'data')),
    },
    {
      name: 'test',
      summary: "run Shipway's own tests",
      arguments: { '[filters...]': 'files or folders; all of them without' },
      examples: ['shipway test', 'shipway test test/server'],
      run: async (call) => (await import('../local/test.ts')).run({ filters: call.args }),
    },
  ],
};
