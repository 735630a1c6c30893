import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../support/platform.ts';
import { type CommandResult, runCommand } from '../support/run-command.ts';
import { firstAnswer } from './first-answer.ts';
import { startHttpBackend } from './http-backend.ts';

/** One way from changed code to an answer. `measure` resolves with milliseconds; `prepare` and `tidy` are not in the time. */
export interface Peer {
  readonly measure: (round: PushRound) => Promise<number>;
  readonly close: () => Promise<void>;
}

export interface PushRound {
  /** The app's only source file in this round, and what it answers. */
  readonly source: string;
  readonly answer: string;
}

const engineSocket = '/var/run/docker.sock';

export async function must(command: string, args: readonly string[], cwd?: string): Promise<string> {
  const result: CommandResult = await runCommand(command, args, { cwd, env: process.env });
  if (result.exitCode !== 0) throw new Error(`Cannot measure: ${command} ${args.join(' ')} failed.\n${result.stderr}`);
  return result.stdout.trim();
}

/** Warm `docker build` on top of the app's own image, so that its dependencies are cached layers; then `docker run`, until it answers. */
export async function dockerBuildAndRun(app: string, folder: string, image: string): Promise<Peer> {
  await cp(app, folder, { recursive: true, filter: (path) => !path.endsWith('/.git') });
  const dockerfile = `FROM ${image}\nENTRYPOINT ["/opt/shipway/start"]\nCMD ["node server.js"]\nCOPY . /app\n`;
  await writeFile(join(folder, 'Dockerfile'), dockerfile);
  const made = new Set<string>();
  return {
    measure: async ({ source, answer }) => {
      await writeFile(join(folder, 'server.js'), source);
      const port = await freePort();
      const start = performance.now();
      const built = await must('docker', ['build', '--quiet', '.'], folder);
      made.add(built);
      const options = ['--detach', '--init', '--env', 'PORT=5000', '--publish', `127.0.0.1:${port}:5000`];
      const container = await must('docker', ['run', ...options, built]);
      const end = await firstAnswer({ port, wanted: answer });
      await must('docker', ['rm', '--force', container]);
      return end - start;
    },
    close: async () => {
      if (made.size > 0) await must('docker', ['rmi', '--force', ...made]);
    },
  };
}

/** A push that changes nothing, to a bare repository over HTTP. */
export async function emptyPush(folder: string): Promise<Peer> {
  const backend = await startHttpBackend(folder);
  const work = join(folder, 'work');
  await must('git', ['init', '--quiet', '--bare', join(folder, 'empty.git')]);
  await must('git', ['config', 'http.receivepack', 'true'], join(folder, 'empty.git'));
  await must('git', ['init', '--quiet', '--initial-branch=main', work]);
  const commit = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '--quiet', '--allow-empty'];
  return {
    measure: async () => {
      await must('git', [...commit, '--message=Nothing'], work);
      const start = performance.now();
      await must('git', ['push', '--quiet', `${backend.origin}/empty.git`, 'main'], work);
      return performance.now() - start;
    },
    close: async () => {
      backend.server.close();
      backend.server.closeAllConnections();
    },
  };
}

/** Start of a container that was created before, until the engine says that it runs. */
export function engineStart(image: string): Peer {
  return {
    measure: async () => {
      const container = await must('docker', ['create', '--init', '--env', 'PORT=5000', image, 'node server.js']);
      try {
        const start = performance.now();
        await engine('POST', `/containers/${container}/start`);
        while (!(await engine('GET', `/containers/${container}/json`)).includes('"Running":true'));
        return performance.now() - start;
      } finally {
        await must('docker', ['rm', '--force', container]);
      }
    },
    close: async () => undefined,
  };
}

function engine(method: 'GET' | 'POST', path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: engineSocket, method, path, headers: { host: 'docker' } }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.on('end', () => resolve(text));
    });
    outgoing.on('error', reject).end();
  });
}

/** The app alone: its image's node and node_modules on the host, until it answers. */
export async function appBoot(app: string, folder: string, image: string): Promise<Peer> {
  const container = await must('docker', ['create', image]);
  await cp(app, folder, { recursive: true, filter: (path) => !path.endsWith('/.git') });
  await must('docker', ['cp', `${container}:/app/node_modules`, join(folder, 'node_modules')]);
  await must('docker', ['cp', `${container}:/opt/shipway/node`, join(folder, 'runtime')]);
  await must('docker', ['rm', container]);
  const node = await must('sh', ['-c', 'find runtime -path "*/bin/node" -type f | head -1'], folder);
  return {
    measure: async ({ source, answer }) => {
      await writeFile(join(folder, 'server.js'), source);
      const port = await freePort();
      const env = { PORT: String(port), NODE_ENV: 'production' };
      const start = performance.now();
      const child = spawn(join(folder, node), ['server.js'], { cwd: folder, env, stdio: 'ignore' });
      const exit = once(child, 'exit');
      const end = await firstAnswer({ port, wanted: answer });
      child.kill('SIGKILL');
      await exit;
      return end - start;
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
