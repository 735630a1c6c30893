import { execFile } from 'node:child_process';
import type { Run } from '../../../runtime/engine/host-rules.ts';

/** Child processes for tests. */
export const run: Run = (command, args) =>
  new Promise((resolve) => {
    const child = execFile(command, args, (error, _stdout, stderr) => {
      resolve({ exitCode: child.exitCode ?? (error === null ? 0 : 127), stderr: stderr || (error?.message ?? '') });
    });
  });
