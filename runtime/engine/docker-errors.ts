import { z } from 'zod';
import { ShipwayError } from '../../server/domain/error.ts';

const advice: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such socket. Start the engine (systemctl start docker), or set DOCKER_HOST.',
  ECONNREFUSED: 'Nothing listens there. Start the engine (systemctl start docker), or set DOCKER_HOST.',
  EACCES: 'This user may not open it. Add the user to the group docker.',
};

/** The connection failed, before the answer or in the middle of it. `action`: `start web.1 of shop`. */
export function engineUnreachable(action: string, error: unknown): ShipwayError {
  if (error instanceof ShipwayError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const seen = error instanceof Error ? error.message : String(error);
  const hint = advice[code] ?? 'See whether `docker info` answers.';
  return new ShipwayError(
    'engine_unavailable',
    `Cannot ${action}: the connection to the engine failed (${seen}). ${hint}`,
    {
      cause: error,
    },
  );
}

/** The engine answered, and said no. */
export function engineRefused(action: string, status: number, body: string): ShipwayError {
  const code = status === 404 ? 'not_found' : status === 409 ? 'conflict' : 'internal';
  return new ShipwayError(code, `Cannot ${action}: the engine says: ${refusalOf(body) ?? `status ${status}`}`);
}

/** True for what a call on a container that is already gone, or already in that state, throws. */
export function isGone(error: unknown): boolean {
  return error instanceof ShipwayError && error.code === 'not_found';
}

const refusal = z.object({ message: z.string() });

function refusalOf(body: string): string | undefined {
  try {
    return refusal.parse(JSON.parse(body)).message;
  } catch {
    return undefined;
  }
}
