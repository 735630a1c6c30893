import type { IncomingMessage } from 'node:http';

/** Counts failed sign-ins in memory. An attempt counts when it begins, so that many at once do not slip through. */
export interface SignInLimit {
  /** Seconds to wait when this attempt is one too many for its address or its email. */
  begin(attempt: Attempt): number | undefined;
  succeeded(attempt: Attempt): void;
}

interface Attempt {
  readonly address: string;
  readonly email: string | undefined;
}

const windowMs = 15 * 60 * 1000;
const perAddress = 30;
const perEmail = 10;
/** What is kept is bounded: the oldest goes when more addresses and emails come than this. */
const longestList = 10_000;

interface Counter {
  count: number;
  readonly endsAtMs: number;
}

export function createSignInLimit({ clock }: { readonly clock: () => Date }): SignInLimit {
  const counters = new Map<string, Counter>();

  const counterOf = (key: string): Counter => {
    const nowMs = clock().getTime();
    const known = counters.get(key);
    if (known && known.endsAtMs > nowMs) return known;
    const counter = { count: 0, endsAtMs: nowMs + windowMs };
    counters.delete(key);
    counters.set(key, counter);
    const [oldest] = counters.keys();
    if (counters.size > longestList && oldest !== undefined) counters.delete(oldest);
    return counter;
  };
  const keysOf = ({ address, email }: Attempt) => [
    { key: `address ${address}`, most: perAddress },
    ...(email === undefined ? [] : [{ key: `email ${email.toLowerCase().slice(0, 254)}`, most: perEmail }]),
  ];
  return {
    begin(attempt) {
      const found = keysOf(attempt).map(({ key, most }) => ({ counter: counterOf(key), most }));
      const full = found.filter(({ counter, most }) => counter.count >= most).map(({ counter }) => counter.endsAtMs);
      if (full.length > 0) return Math.ceil((Math.max(...full) - clock().getTime()) / 1000);
      for (const { counter } of found) counter.count += 1;
      return undefined;
    },
    succeeded({ address, email }) {
      if (email !== undefined) counters.delete(`email ${email.toLowerCase().slice(0, 254)}`);
      counterOf(`address ${address}`).count -= 1;
    },
  };
}

/** The router, on loopback, appends the client's address on the right; nobody else's word counts. */
export function clientAddress(request: IncomingMessage): string {
  const peer = request.socket.remoteAddress ?? '';
  const isLoopback = peer === '::1' || peer.replace('::ffff:', '').startsWith('127.');
  const forwarded = request.headers['x-forwarded-for'];
  const last = String(forwarded ?? '')
    .split(',')
    .at(-1)
    ?.trim();
  return isLoopback && last ? last : peer;
}
