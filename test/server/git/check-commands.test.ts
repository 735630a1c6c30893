import { describe, expect, it } from 'vitest';
import { checkCommands, joinResults, spreadRefusals } from '../../../server/git/check-commands.ts';
import { writeReportStatus } from '../../../server/git/report-status.ts';

const command = (ref: string) => ({ ref, oldOid: '0'.repeat(40), newOid: '1'.repeat(40) });

describe('server/git/check-commands', () => {
  it('refuses bad names, the names of the platform, and one ref twice', () => {
    const refs = ['refs/heads/a', 'HEAD', 'refs/shipway/builds/1', 'refs/heads/b', 'refs/heads/b'];
    expect(checkCommands(refs.map(command))).toEqual([
      undefined,
      'funny refname',
      'refs/shipway/ is kept for the platform',
      'more than one command for this ref',
      'more than one command for this ref',
    ]);
  });

  it('lets one refusal fail an atomic push as a whole', () => {
    expect(spreadRefusals([undefined, 'bad'], true)).toEqual(['atomic push failed', 'bad']);
    expect(spreadRefusals([undefined, 'bad'], false)).toEqual([undefined, 'bad']);
    expect(spreadRefusals([undefined, undefined], true)).toEqual([undefined, undefined]);
  });

  it('answers every command, also one that the receiver forgot', () => {
    const commands = ['refs/heads/a', 'refs/heads/b', 'refs/heads/c'].map(command);
    expect(joinResults(commands, [undefined, 'bad', undefined], [{ ref: 'refs/heads/a', ok: true }])).toEqual([
      { ref: 'refs/heads/a', ok: true },
      { ref: 'refs/heads/b', ok: false, reason: 'bad' },
      { ref: 'refs/heads/c', ok: false, reason: 'not handled' },
    ]);
  });
});

describe('server/git/report-status', () => {
  it('keeps each reason on its line', () => {
    const report = writeReportStatus('ok', [{ ref: 'refs/heads/a', ok: false, reason: 'build\nfailed' }]);
    expect(report.toString()).toBe('000eunpack ok\n0021ng refs/heads/a build failed\n0000');
  });
});
