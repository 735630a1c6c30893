import { describe, expect, it } from 'vitest';
import { type AppFacts, countStates, currentRelease, deriveState } from '../../../server/dashboard/rules/app-state.ts';

const blank: AppFacts = { maintenance: false, dynos: [], releases: [], builds: [] };
const deployed: AppFacts = {
  ...blank,
  dynos: [{ type: 'web', state: 'up' }],
  releases: [{ version: 2, status: 'succeeded', current: true, slug: { id: 's' } }],
  builds: [{ status: 'succeeded', created_at: '2026-11-23T12:00:00Z' }],
};
const name = (facts: AppFacts) => deriveState(facts).name;
const dynos = (...states: string[]) => ({ ...deployed, dynos: states.map((state) => ({ type: 'web', state })) });

describe('dashboard/rules/app-state', () => {
  it('is blank until an image was released, whatever config vars did', () => {
    expect(name(blank)).toBe('blank');
    expect(name({ ...blank, releases: [{ version: 1, status: 'succeeded', slug: null }] })).toBe('blank');
  });

  it('is live when instances are up, and stopped when there are none', () => {
    expect(name(deployed)).toBe('live');
    expect(name(dynos())).toBe('stopped');
  });

  it('tells crashed from partly up', () => {
    expect(name(dynos('crashed', 'starting'))).toBe('crashed');
    expect(name(dynos('up', 'crashed'))).toBe('degraded');
  });

  it('does not count instances that are on their way out', () => {
    expect(name(dynos('up', 'stopping', 'down'))).toBe('live');
    expect(name(dynos('stopping'))).toBe('stopped');
  });

  it('puts what is going on before what is', () => {
    const building = { status: 'pending', created_at: '2026-11-23T12:01:00Z' };
    expect(name({ ...dynos('crashed'), builds: [building] })).toBe('building');
    expect(name({ ...deployed, releases: [{ version: 3, status: 'pending' }, ...deployed.releases] })).toBe(
      'releasing',
    );
    expect(name({ ...deployed, maintenance: true })).toBe('maintenance');
  });

  it('takes the marked release as current, else the newest that succeeded', () => {
    expect(currentRelease(deployed.releases)?.version).toBe(2);
    const unmarked = [
      { version: 3, status: 'failed' },
      { version: 1, status: 'succeeded' },
      { version: 2, status: 'succeeded' },
    ];
    expect(currentRelease(unmarked)?.version).toBe(2);
  });

  it('counts instances by type and state', () => {
    expect(countStates(dynos('up', 'crashed', 'up').dynos)).toEqual([
      { type: 'web', state: 'up', count: 2 },
      { type: 'web', state: 'crashed', count: 1 },
    ]);
  });
});
