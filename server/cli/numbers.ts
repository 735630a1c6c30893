import { usageError } from './cli-error.ts';

/** @throws CliError for anything but 1 to 65535. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw usageError(`--port is a number from 1 to 65535, not ${text}.`);
}

/** @throws CliError for anything but a whole number of at least 1. */
export function parseCount(option: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw usageError(`--${option} is a whole number of at least 1, not ${text}.`);
}
