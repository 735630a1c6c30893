import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { App } from '../../../server/domain/app.ts';
import { zeroOid } from '../../../server/domain/git.ts';
import type { Release } from '../../../server/domain/release.ts';
import { formatPhases } from '../../../server/pipeline/build-output.ts';
import { applyConfigChanges } from '../../../server/pipeline/config-changes.ts';
import { desiredApp } from '../../../server/pipeline/desired-app.ts';
import { createLineWriter } from '../../../server/pipeline/line-writer.ts';
import { splitCommands } from '../../../server/pipeline/receive-push.ts';
import { planScale } from '../../../server/pipeline/scale.ts';

const oid = (digit: string) => digit.repeat(40);
const command = (ref: string, newOid = oid('1')) => ({ ref, oldOid: zeroOid, newOid });

describe('splitCommands', () => {
  it('deploys main before master, and nothing else', () => {
    const commands = [command('refs/heads/master'), command('refs/heads/main'), command('refs/tags/v1')];
    const { deploy, others } = splitCommands(commands);
    expect(deploy?.ref).toBe('refs/heads/main');
    expect(others.map(({ ref }) => ref)).toEqual(['refs/heads/master', 'refs/tags/v1']);
  });

  it('does not deploy a deleted main', () => {
    expect(splitCommands([command('refs/heads/main', zeroOid)]).deploy).toBeUndefined();
  });
});

describe('planScale', () => {
  const formation = [
    { id: '1', type: 'web', quantity: 2, size: 'standard-1x' },
    { id: '2', type: 'worker', quantity: 0, size: 'standard-1x' },
  ];

  it('takes numbers, texts and changes', () => {
    const updates = [
      { type: 'web', quantity: '+1' },
      { type: 'worker', quantity: 3, size: 'Standard-2X' },
    ];
    expect(planScale(formation, updates)).toEqual([
      { type: 'web', quantity: 3, size: 'standard-1x' },
      { type: 'worker', quantity: 3, size: 'standard-2x' },
    ]);
  });

  it.each([
    [{ type: 'web', quantity: '-3' }, /must be 0 to 100/],
    [{ type: 'web', quantity: 'many' }, /Give a number/],
    [{ type: 'web', size: 'huge' }, /Sizes: standard-1x/],
    [{ type: 'clock', quantity: 1 }, /Process types: web, worker/],
  ])('refuses %j with what to do', (update, message) => {
    expect(() => planScale(formation, [update])).toThrow(message);
  });
});

describe('applyConfigChanges', () => {
  it('describes what it set and unset, and makes nothing of no change', () => {
    const change = applyConfigChanges({ A: '1', B: '2' }, { A: '1', B: null, C: '3' });
    expect(change).toEqual({ configVars: { A: '1', C: '3' }, description: 'Set C config var; Unset B config var' });
    expect(applyConfigChanges({ A: '1' }, { A: '1', Z: null }).description).toBeUndefined();
  });

  it.each(['1A', 'A-B', '', 'PORT', 'A=B'])('refuses the name %j', (name) => {
    expect(() => applyConfigChanges({}, { [name]: 'x' })).toThrow(/^Cannot set/);
  });

  it('refuses values that no environment can hold', () => {
    expect(() => applyConfigChanges({}, { A: 'a\0b' })).toThrow(/no NUL byte/);
    expect(() => applyConfigChanges({}, { A: 'x'.repeat(70_000) })).toThrow(/64 KiB/);
  });

  it('undoes itself', () => {
    const names = fc.stringMatching(/^[A-Z]{1,3}$/);
    fc.assert(
      fc.property(fc.dictionary(names, fc.string()), names, fc.string(), (before, name, value) => {
        fc.pre(!value.includes('\0') && !Object.values(before).some((text) => text.includes('\0')));
        const { configVars } = applyConfigChanges(before, { [name]: value });
        const undo = { [name]: Object.hasOwn(before, name) ? (before[name] ?? null) : null };
        expect(applyConfigChanges(configVars, undo).configVars).toEqual({ ...before });
      }),
    );
  });
});

describe('desiredApp', () => {
  const at = new Date('2026-01-01T00:00:00Z');
  const app: App = {
    id: 'app',
    name: 'hello',
    ownerId: 'u',
    ownerEmail: 'a@b.c',
    maintenance: false,
    createdAt: at,
    updatedAt: at,
  };
  const settings = { domain: 'localhost', port: 8080, registryHost: '127.0.0.1:8080' };
  const release = (version: number, change: Partial<Release> = {}): Release => ({
    id: `r${version}`,
    appId: 'app',
    version,
    status: 'succeeded',
    description: 'Deploy',
    image: {
      repository: 'app',
      digest: `sha256:${version}`,
      sizeBytes: 1,
      processTypes: [{ type: 'web', command: 'x' }],
      buildpack: 'Node.js',
    },
    commit: oid('a'),
    configVars: { FOO: 'bar' },
    userId: 'u',
    userEmail: 'a@b.c',
    failure: undefined,
    createdAt: at,
    updatedAt: at,
    ...change,
  });

  it('brings a pending release up beside the current one', () => {
    const formation = [{ id: '1', type: 'web', quantity: 1, size: 'standard-1x' }];
    const desired = desiredApp({
      app,
      current: release(1),
      latest: release(2, { status: 'pending' }),
      formation,
      settings,
    });
    expect(desired.current?.image).toBe('127.0.0.1:8080/app@sha256:1');
    expect(desired.candidate?.version).toBe(2);
    expect(desired.hosts).toEqual(['hello.localhost']);
    expect(desired.formation[0]?.limits.memoryBytes).toBe(512 * 2 ** 20);
  });

  it('leaves a failed release alone', () => {
    const desired = desiredApp({
      app,
      current: release(1),
      latest: release(2, { status: 'failed' }),
      formation: [],
      settings,
    });
    expect([desired.current?.version, desired.candidate]).toEqual([1, undefined]);
  });

  it('tells the app what it is, and lets config vars win', () => {
    const current = release(3, { configVars: { HEROKU_APP_NAME: 'mine' } });
    const { env } = desiredApp({ app, current, latest: current, formation: [], settings }).current ?? { env: {} };
    expect(env).toMatchObject({ HEROKU_APP_NAME: 'mine', HEROKU_RELEASE_VERSION: 'v3', HEROKU_SLUG_COMMIT: oid('a') });
  });

  it('runs nothing for config vars alone', () => {
    const only = release(1, { image: undefined });
    expect(desiredApp({ app, current: only, latest: only, formation: [], settings }).current).toBeUndefined();
  });
});

describe('formatPhases', () => {
  it('shows milliseconds, then seconds from ten on', () => {
    expect(formatPhases([{ name: 'receive', durationMs: 40.4 }], 12_345)).toBe('receive 40 ms · total 12.3 s');
  });
});

describe('createLineWriter', () => {
  it('keeps order and loses nothing over a failed write', async () => {
    const written: string[] = [];
    let failures = 1;
    const writer = createLineWriter(async (lines) => {
      if (failures-- > 0) throw new Error('away');
      written.push(...lines);
    });
    for (const line of ['a', 'b', 'c']) writer.write(line);
    await writer.flush().catch(() => writer.flush());
    expect(written).toEqual(['a', 'b', 'c']);
  });
});
