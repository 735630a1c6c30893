import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRefName } from '../../../server/git/ref-name.ts';

/** `check_refname_format(name + 5)` of receive-pack.c is the command's rule for what follows `refs/`. */
function gitTakes(name: string): boolean {
  // The command would take a first dash for an option; behind a letter it is as good a character as there.
  const checked = name.slice(5).replace(/^-/, 'x-');
  return name.startsWith('refs/') && spawnSync('git', ['check-ref-format', checked]).status === 0;
}

describe('server/git/ref-name', () => {
  it('judges like git check-ref-format', () => {
    const word = fc.constantFrom(
      'refs',
      'heads',
      'a',
      'main',
      '.',
      '..',
      '.lock',
      'x.lock',
      '@{',
      '@',
      '-',
      '~',
      ' ',
      '*',
      'é',
      '',
    );
    const part = fc.array(word, { maxLength: 3 }).map((words) => words.join(''));
    const name = fc.array(part, { maxLength: 3 }).map((parts) => `refs/${parts.join('/')}`);
    fc.assert(
      fc.property(name, (name) => {
        expect(isRefName(name)).toBe(gitTakes(name));
      }),
      { numRuns: 300 },
    );
  });

  it.each(['refs/heads/main', 'refs/heads/feature/x', 'refs/tags/v1.0', 'refs/heads/@'])('takes %s', (name) => {
    expect(isRefName(name)).toBe(true);
  });

  it.each([
    'HEAD',
    'refs/heads',
    'refs/stash',
    'heads/main',
    'refs/heads/',
    'refs/heads/../../config',
    'refs/heads/a\0b',
    'refs/heads/a\nb',
    'refs/heads/.hidden',
    'refs/heads/a.lock',
    `refs/heads/${'a'.repeat(251)}`,
    `refs/heads/${'a/'.repeat(600)}a`,
  ])('refuses %j', (name) => {
    expect(isRefName(name)).toBe(false);
  });
});
