import { ShipwayError } from './error.ts';

/** One line of a Procfile: `web: node server.js`. A shell runs the command, so `$PORT` expands. */
export interface ProcessType {
  readonly type: string;
  readonly command: string;
}

/** How many instances of a process type run, and how large each is. */
export interface FormationEntry {
  readonly id: string;
  readonly type: string;
  readonly quantity: number;
  readonly size: string;
}

/** What one instance may use. */
export interface InstanceLimits {
  readonly memoryBytes: number;
  /** 1 is one core. */
  readonly cpus: number;
  readonly pids: number;
}

/** Sizes by name; Heroku's names are kept so that its formation commands work. */
export const instanceSizes: Readonly<Record<string, InstanceLimits>> = {
  'standard-1x': { memoryBytes: 512 * 2 ** 20, cpus: 1, pids: 256 },
  'standard-2x': { memoryBytes: 1024 * 2 ** 20, cpus: 2, pids: 512 },
  'performance-m': { memoryBytes: 2560 * 2 ** 20, cpus: 2, pids: 1024 },
  'performance-l': { memoryBytes: 14 * 2 ** 30, cpus: 8, pids: 4096 },
};

export const defaultSize = 'standard-1x';

/** @throws ShipwayError invalid_params when no size has that name (case does not matter). */
export function limitsOf(size: string): InstanceLimits {
  const limits = instanceSizes[size.toLowerCase()];
  if (limits === undefined) {
    throw new ShipwayError(
      'invalid_params',
      `No size is called ${size}. Sizes: ${Object.keys(instanceSizes).join(', ')}.`,
    );
  }
  return limits;
}

/** Only `web` starts by default, once; every other process type starts at 0. */
export function defaultQuantity(type: string): number {
  return type === 'web' ? 1 : 0;
}
