import { afterEach, describe, expect, it } from 'vitest';
import { createHostRules, hostRuleList, type Run } from '../../../runtime/engine/host-rules.ts';
import { networkNames } from '../../../runtime/engine/labels.ts';
import { run } from './run-command.ts';

const platformId = 'rulestest';

describe('networkNames', () => {
  it('keeps to the length of interface names, and tells long ids apart', () => {
    const bridges = ['abcd', 'abcdefghijklmnop', 'abcdefghijklmnoq'].map((id) => networkNames(id).instances.bridge);
    expect(new Set(bridges).size).toBe(3);
    expect(bridges.every((bridge) => bridge.length <= 15)).toBe(true);
  });
});

describe('createHostRules', () => {
  const log: string[] = [];
  const rules = createHostRules({ platformId, run, log: (text) => log.push(text) });
  afterEach(() => rules.remove());

  async function rulesThatHold(): Promise<number> {
    const codes = hostRuleList(platformId).map(
      async (rule) => (await run('iptables', ['-w', '-t', 'mangle', '-C', ...rule])).exitCode,
    );
    return (await Promise.all(codes)).filter((code) => code === 0).length;
  }

  it('sets each rule once, however often it is asked, and removes them all', async () => {
    await rules.apply();
    await rules.apply();
    expect(await rulesThatHold()).toBe(4);
    await run('iptables', ['-w', '-t', 'mangle', '-D', ...(hostRuleList(platformId)[0] ?? [])]);
    expect(await rulesThatHold()).toBe(3);
    await rules.apply();
    await rules.remove();
    expect(await rulesThatHold()).toBe(0);
    expect(log).toEqual([]);
  });

  it('goes on without iptables, and says what is not enforced', async () => {
    const missing: Run = async () => ({ exitCode: 127, stderr: 'spawn iptables ENOENT' });
    const warned: string[] = [];
    await createHostRules({ platformId, run: missing, log: (text) => warned.push(text) }).apply();
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain('they can reach this machine');
  });
});
