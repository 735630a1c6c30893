import { appOption, type CommandGroup, jsonOption } from '../command.ts';

export const processCommands: CommandGroup = {
  title: 'Processes:',
  commands: [
    {
      name: 'ps',
      summary: 'list instances',
      options: { ...appOption, ...jsonOption },
      examples: ['shipway ps'],
      run: async (call) => (await import('../commands/ps.ts')).listInstances(call),
    },
    {
      name: 'ps:scale',
      aliases: ['scale'],
      summary: 'set how many instances of each process type run, and how large',
      arguments: { '[changes...]': 'TYPE=N, TYPE+N, TYPE-N, each with :SIZE or without; shows the formation if none' },
      options: { ...appOption, ...jsonOption },
      examples: ['shipway ps:scale web=2 worker+1', 'shipway ps:scale web=1:standard-2x'],
      run: async (call) => (await import('../commands/ps.ts')).scale(call),
    },
    {
      name: 'ps:restart',
      aliases: ['restart'],
      summary: 'restart instances: new ones first',
      arguments: { '[instance]': 'web.1, or web for all of its type; all without' },
      options: appOption,
      examples: ['shipway ps:restart', 'shipway ps:restart web.1'],
      run: async (call) => (await import('../commands/ps.ts')).restart(call),
    },
    {
      name: 'ps:stop',
      summary: 'stop instances; the formation starts them again',
      arguments: { '<instance>': 'web.1, or web for all of its type' },
      options: appOption,
      examples: ['shipway ps:stop worker.1', 'shipway ps:scale worker=0    # to keep it stopped'],
      run: async (call) => (await import('../commands/ps.ts')).stop(call),
    },
    {
      name: 'logs',
      summary: 'show the log',
      options: {
        ...appOption,
        '-t, --tail': 'go on as lines come',
        '-n, --num <lines>': 'how many of the last lines (default: 100)',
        '-d, --dyno <name>': 'of one instance (web.1), or of a process type (web)',
        '-p, --ps <name>': 'the same as --dyno',
        '-s, --source <source>': 'app or heroku',
      },
      examples: ['shipway logs --tail', 'shipway logs -n 500 --ps web.1 --source app'],
      run: async (call) => (await import('../commands/logs.ts')).showLogs(call),
    },
  ],
};

export const releaseCommands: CommandGroup = {
  title: 'Releases and builds:',
  commands: [
    {
      name: 'deploy',
      summary: 'deploy this folder; needs no git on this machine',
      options: { ...appOption, '--snapshot': 'the files as they are, also those that are not committed' },
      examples: ['shipway deploy', 'shipway deploy --app hello --snapshot'],
      run: async (call) => (await import('../commands/deploy.ts')).deploy(call),
    },
    {
      name: 'releases',
      summary: 'list releases',
      options: { ...appOption, ...jsonOption, '-n, --num <count>': 'how many (default: 15)' },
      examples: ['shipway releases'],
      run: async (call) => (await import('../commands/releases.ts')).listReleases(call),
    },
    {
      name: 'releases:info',
      summary: 'show a release',
      arguments: { '[release]': 'v12; the newest without' },
      options: { ...appOption, ...jsonOption },
      examples: ['shipway releases:info v12'],
      run: async (call) => (await import('../commands/releases.ts')).showRelease(call),
    },
    {
      name: 'releases:rollback',
      aliases: ['rollback'],
      summary: 'go back to an older release: its image and its config vars',
      arguments: { '[release]': 'v11; the one before the current without' },
      options: appOption,
      examples: ['shipway rollback', 'shipway rollback v11'],
      run: async (call) => (await import('../commands/releases.ts')).rollBack(call),
    },
    {
      name: 'builds',
      summary: 'list builds',
      options: { ...appOption, ...jsonOption, '-n, --num <count>': 'how many (default: 15)' },
      examples: ['shipway builds'],
      run: async (call) => (await import('../commands/builds.ts')).listBuilds(call),
    },
    {
      name: 'builds:output',
      summary: 'show the output of a build, and follow one that runs',
      arguments: { '[build]': 'its id; the newest without' },
      options: appOption,
      examples: ['shipway builds:output'],
      run: async (call) => (await import('../commands/builds.ts')).showOutput(call),
    },
    {
      name: 'builds:cancel',
      summary: 'cancel a build',
      arguments: { '[build]': 'its id; the one that runs without' },
      options: appOption,
      examples: ['shipway builds:cancel'],
      run: async (call) => (await import('../commands/builds.ts')).cancelBuild(call),
    },
  ],
};
