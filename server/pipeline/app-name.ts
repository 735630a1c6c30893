import { randomInt } from 'node:crypto';

const adjectives = [
  'amber',
  'brave',
  'calm',
  'clear',
  'deep',
  'fair',
  'gentle',
  'golden',
  'keen',
  'quiet',
  'silver',
  'steady',
  'swift',
  'tidal',
  'warm',
  'wide',
];
const nouns = [
  'anchor',
  'bay',
  'beacon',
  'breeze',
  'canal',
  'coast',
  'current',
  'delta',
  'harbor',
  'island',
  'lagoon',
  'pier',
  'reef',
  'river',
  'shore',
  'wave',
];

/** A name for an app whose maker gave none: `quiet-harbor-41827`. */
export function randomAppName(): string {
  return `${adjectives[randomInt(adjectives.length)]}-${nouns[randomInt(nouns.length)]}-${randomInt(10_000, 100_000)}`;
}
