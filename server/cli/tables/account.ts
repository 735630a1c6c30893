import { appOption, type CommandGroup } from '../command.ts';

export const accountCommands: CommandGroup = {
  title: 'Account:',
  commands: [
    {
      name: 'login',
      aliases: ['auth:login'],
      summary: 'log in, and let git log in',
      options: {
        '-i, --interactive': 'ask for e-mail and password',
        '--token <token>': 'log in with an API token; - reads it from standard input',
        '--email <email>': 'the e-mail to log in with',
        '--data <dir>': "log in to this machine's platform with that data folder, as its first user",
      },
      examples: [
        'shipway login                  # on the machine of the platform: nothing to type',
        'shipway login -i',
        'SHIPWAY_URL=https://shipway.example.com shipway login --token -',
      ],
      run: async (call) => (await import('../commands/login.ts')).login(call),
    },
    {
      name: 'logout',
      aliases: ['auth:logout'],
      summary: 'take back the token of this machine',
      examples: ['shipway logout'],
      run: async (call) => (await import('../commands/login.ts')).logout(call),
    },
    {
      name: 'auth:whoami',
      aliases: ['whoami'],
      summary: 'who is logged in',
      examples: ['shipway whoami'],
      run: async (call) => (await import('../commands/login.ts')).whoAmI(call),
    },
    {
      name: 'auth:token',
      summary: 'print the token that is in use',
      examples: ['curl -H "Authorization: Bearer $(shipway auth:token)" http://localhost:8080/apps'],
      run: async (call) => (await import('../commands/login.ts')).showToken(call),
    },
    {
      name: 'git:remote',
      summary: 'add the git remote of an app to this folder',
      options: { ...appOption, '-r, --remote <name>': 'name of the remote (default: shipway)' },
      examples: ['shipway git:remote --app hello'],
      run: async (call) => (await import('../commands/git.ts')).addRemote(call),
    },
    {
      name: 'git:credentials',
      summary: 'git credential helper: git calls it',
      arguments: { '[operation]': 'get, store or erase' },
      examples: ["git config credential.http://localhost:8080.helper '!shipway git:credentials'"],
      run: async (call) => (await import('../commands/git.ts')).answerGit(call),
    },
  ],
};
