import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

const script = path.join(import.meta.dirname, '../../../buildpacks/lifecycle/start.sh');

/** The script with another folder in place of /app. */
function startIn(): { app: string; start: string } {
  const app = mkdtempSync(path.join(tmpdir(), 'shipway-start-'));
  onTestFinished(() => rmSync(app, { recursive: true, force: true }));
  const start = path.join(app, '.start');
  writeFileSync(start, readFileSync(script, 'utf8').replace('cd /app', `cd ${app}`));
  return { app, start };
}

describe('buildpacks/lifecycle/start.sh', () => {
  it('sources .profile.d and .profile, then runs the command in the folder of the app', () => {
    const { app, start } = startIn();
    mkdirSync(path.join(app, '.profile.d'));
    writeFileSync(path.join(app, '.profile.d/a.sh'), 'export A=1');
    writeFileSync(path.join(app, '.profile'), 'export B="$A"2');
    const output = execFileSync('/bin/bash', [start, 'echo "$A $B $PORT $PWD"'], {
      env: { PORT: '5000' },
      // A socket as standard input makes bash read the user's .bashrc.
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    });
    expect(output).toBe(`1 12 5000 ${app}\n`);
  });

  it('gives its place to a simple command, so that signals reach it', async () => {
    const { start } = startIn();
    const child = spawn('/bin/bash', [start, 'sleep 60'], { stdio: 'ignore' });
    await expect.poll(() => readFileSync(`/proc/${child.pid}/comm`, 'utf8')).toBe('sleep\n');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
  });

  it('answers with the exit status of the command', () => {
    const { start } = startIn();
    expect(() => execFileSync('/bin/bash', [start, 'exit 7'], { stdio: 'ignore' })).toThrow(
      expect.objectContaining({ status: 7 }),
    );
  });

  it.skipIf(process.getuid?.() !== 0)('as PID 1 hands SIGTERM to every process and waits for the command', async () => {
    const { app, start } = startIn();
    const command = `trap 'echo stopped > ${app}/out; exit 3' TERM; sleep 60 & echo ready; wait`;
    const child = spawn('unshare', ['--pid', '--fork', '--mount-proc', '--kill-child', '/bin/bash', start, command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    // unshare itself ignores SIGTERM; its only child is PID 1 of the new namespace.
    const first = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
    process.kill(Number(first), 'SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(3);
    expect(readFileSync(path.join(app, 'out'), 'utf8')).toBe('stopped\n');
  });
});
