import { type Instance, instanceName, instancePort } from '../../server/domain/instance.ts';
import type { InstanceLimits } from '../../server/domain/process-type.ts';

/** Shells and the kernel speak in exit statuses (POSIX "Exit Status for Commands"; 128 + n for a signal n). */
const hints: Readonly<Record<number, string>> = {
  0: 'A web process has to keep running.',
  126: 'The command could not be executed: check its permissions.',
  127: 'The command was not found: check the Procfile and the dependencies.',
  137: 'It was killed (SIGKILL).',
  139: 'It crashed (segmentation fault).',
};

function cannotStart(version: number): string {
  return `Cannot start release v${version}`;
}

export function bootTimeoutFailure(version: number, bootTimeoutMs: number): string {
  const seconds = Math.round(bootTimeoutMs / 1000);
  return `${cannotStart(version)}: nothing listened on port ${instancePort} within ${seconds} s. Bind 0.0.0.0:$PORT.`;
}

export function exitFailure(instance: Instance, limits: InstanceLimits | undefined): string {
  const start = `${cannotStart(instance.releaseVersion)}: ${instanceName(instance)}`;
  if (instance.exit?.outOfMemory) {
    const quota = limits === undefined ? 'its memory' : `its ${Math.round(limits.memoryBytes / 2 ** 20)} MB of memory`;
    return `${start} used up ${quota} and was killed. Choose a larger size, e.g. ps:scale web=1:standard-2x.`;
  }
  if (instance.exit === undefined) return `${start} ended before it could serve.`;
  const hint = hints[instance.exit.code];
  return `${start} exited with status ${instance.exit.code}.${hint === undefined ? '' : ` ${hint}`}`;
}

export function refusalFailure(version: number, message: string): string {
  return `${cannotStart(version)}: ${message}`;
}

/** What the process said last is most often the reason. */
export function withLastLines(failure: string, lines: readonly string[]): string {
  if (lines.length === 0) return failure;
  return [failure, 'Its last lines:', ...lines.map((line) => `    ${line}`)].join('\n');
}
