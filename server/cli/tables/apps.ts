import { appOption, type CommandGroup, jsonOption } from '../command.ts';

export const appCommands: CommandGroup = {
  title: 'Apps:',
  commands: [
    {
      name: 'apps',
      summary: 'list your apps',
      options: jsonOption,
      examples: ['shipway apps'],
      run: async (call) => (await import('../commands/apps.ts')).listApps(call),
    },
    {
      name: 'apps:create',
      aliases: ['create'],
      summary: 'make an app, and a git remote for it here',
      arguments: { '[name]': 'its name; chosen for you without' },
      options: {
        ...appOption,
        '-r, --remote <name>': 'name of the git remote (default: shipway)',
        '--no-remote': 'add no git remote',
        ...jsonOption,
      },
      examples: ['shipway create hello && git push shipway main'],
      run: async (call) => (await import('../commands/apps.ts')).createApp(call),
    },
    {
      name: 'apps:info',
      aliases: ['info'],
      summary: 'show an app',
      options: { ...appOption, ...jsonOption },
      examples: ['shipway info --app hello'],
      run: async (call) => (await import('../commands/apps.ts')).showApp(call),
    },
    {
      name: 'apps:rename',
      aliases: ['rename'],
      summary: 'give an app another name',
      arguments: { '<name>': 'its new name' },
      options: appOption,
      examples: ['shipway rename hello-world --app hello'],
      run: async (call) => (await import('../commands/apps.ts')).renameApp(call),
    },
    {
      name: 'apps:destroy',
      aliases: ['destroy', 'apps:delete'],
      summary: 'destroy an app and all it has',
      options: { ...appOption, '-c, --confirm <name>': "the app's name once more, instead of being asked" },
      examples: ['shipway apps:destroy --app hello --confirm hello'],
      run: async (call) => (await import('../commands/apps.ts')).destroyApp(call),
    },
    {
      name: 'maintenance',
      summary: 'say whether maintenance mode is on',
      options: appOption,
      examples: ['shipway maintenance'],
      run: async (call) => (await import('../commands/maintenance.ts')).showMaintenance(call),
    },
    {
      name: 'maintenance:on',
      summary: 'answer 503 to everybody, while instances go on',
      options: appOption,
      examples: ['shipway maintenance:on --app hello'],
      run: async (call) => (await import('../commands/maintenance.ts')).setMaintenance(call, true),
    },
    {
      name: 'maintenance:off',
      summary: 'answer again',
      options: appOption,
      examples: ['shipway maintenance:off --app hello'],
      run: async (call) => (await import('../commands/maintenance.ts')).setMaintenance(call, false),
    },
  ],
};

export const configCommands: CommandGroup = {
  title: 'Config vars:',
  commands: [
    {
      name: 'config',
      summary: 'show config vars',
      options: { ...appOption, ...jsonOption, '-s, --shell': 'as lines for a shell' },
      examples: ['shipway config', 'shipway config --shell > .env'],
      run: async (call) => (await import('../commands/config.ts')).showConfig(call),
    },
    {
      name: 'config:get',
      summary: 'print the value of config vars',
      arguments: { '<name...>': 'names' },
      options: { ...appOption, ...jsonOption, '-s, --shell': 'as lines for a shell' },
      examples: ['shipway config:get DATABASE_URL'],
      run: async (call) => (await import('../commands/config.ts')).getConfig(call),
    },
    {
      name: 'config:set',
      summary: 'set config vars: one release, without downtime',
      arguments: { '<name=value...>': 'what to set' },
      options: appOption,
      examples: ["shipway config:set GREETING='Hi there' DEBUG=1"],
      run: async (call) => (await import('../commands/config.ts')).setConfig(call),
    },
    {
      name: 'config:unset',
      summary: 'remove config vars',
      arguments: { '<name...>': 'names' },
      options: appOption,
      examples: ['shipway config:unset DEBUG'],
      run: async (call) => (await import('../commands/config.ts')).unsetConfig(call),
    },
  ],
};
