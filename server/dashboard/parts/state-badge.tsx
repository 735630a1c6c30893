import type { ReactNode } from 'react';

export type Tone = 'good' | 'busy' | 'bad' | 'warn' | 'quiet';

/** A word with a dot: the word carries the meaning, the dot's colour and shape help to find it. */
export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>;
}

const tones: Readonly<Record<string, Tone>> = {
  building: 'busy',
  releasing: 'busy',
  starting: 'busy',
  pending: 'busy',
  queued: 'busy',
  live: 'good',
  up: 'good',
  succeeded: 'good',
  crashed: 'bad',
  failed: 'bad',
  degraded: 'warn',
  maintenance: 'warn',
};

/** The tone of a state's name; states without one are quiet. */
export function toneOf(state: string): Tone {
  return tones[state] ?? 'quiet';
}
