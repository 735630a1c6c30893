import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildCall, path, readError } from '../../../server/cli/api-client.ts';
import { formatShell, parseAssignment } from '../../../server/cli/commands/config.ts';
import { parseAttributes } from '../../../server/cli/commands/git.ts';
import { parseScale } from '../../../server/cli/commands/ps.ts';
import { EventStreamParser } from '../../../server/cli/event-stream.ts';
import { parseGitUrl, parseRemotes } from '../../../server/cli/git.ts';
import { chooseTarget } from '../../../server/cli/target.ts';
import { formatTable, safeText } from '../../../server/cli/terminal.ts';

describe('server/cli/event-stream', () => {
  it('reads events however they are cut', () => {
    const text =
      ': hello\n\nid: 1\ndata: one\n\r\nid: 2\r\ndata: two\r\ndata:  more\r\n\r\nevent: x\ndata\n\ndata: open';
    const whole = [
      { id: '1', data: 'one' },
      { id: '2', data: 'two\n more' },
      { id: '2', data: '' },
    ];
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
        const parser = new EventStreamParser();
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const events = places.slice(1).flatMap((end, index) => parser.push(text.slice(places[index], end)));
        expect(events).toEqual(whole);
      }),
    );
  });
});

describe('server/cli/git', () => {
  it('knows an app from other remotes', () => {
    expect(parseGitUrl('http://localhost:8080/hello.git')).toEqual({
      origin: 'http://localhost:8080',
      appName: 'hello',
    });
    expect(parseGitUrl('https://a:b@ship.example.com/hello.git')?.origin).toBe('https://ship.example.com');
    for (const url of ['git@github.com:a/b.git', 'https://github.com/a/b.git', '/srv/x.git', 'ssh://h/a.git', '']) {
      expect(parseGitUrl(url)).toBeUndefined();
    }
    expect(parseRemotes('remote.my.far one.url http://h:1/a.git\nremote.x.url nothing\n')).toEqual([
      { name: 'my.far one', origin: 'http://h:1', appName: 'a' },
    ]);
  });

  it('reads what git asks a credential helper', () => {
    expect(parseAttributes('protocol=http\nhost=localhost:8080\nwwwauth[]=Basic a=b\n\n')).toEqual({
      protocol: 'http',
      host: 'localhost:8080',
      'wwwauth[]': 'Basic a=b',
    });
  });
});

describe('server/cli/target', () => {
  const shipway = { name: 'shipway', origin: 'http://one:1', appName: 'hello' };
  const origin = { name: 'origin', origin: 'http://two:2', appName: 'other' };
  const choose = (given: Partial<Parameters<typeof chooseTarget>[0]>) => {
    const { baseUrl, appName } = chooseTarget({
      url: undefined,
      appFlag: undefined,
      remotes: [],
      lastLogin: undefined,
      ...given,
    });
    return [baseUrl.origin, appName];
  };

  it('goes by SHIPWAY_URL, the remote, the last login, the default, in this order', () => {
    expect(choose({})).toEqual(['http://localhost:8080', undefined]);
    expect(choose({ lastLogin: 'http://three:3' })).toEqual(['http://three:3', undefined]);
    expect(choose({ lastLogin: 'http://three:3', remotes: [origin, shipway] })).toEqual(['http://one:1', 'hello']);
    expect(choose({ url: 'http://two:2/', remotes: [shipway, origin] })).toEqual(['http://two:2', 'other']);
    expect(choose({ url: 'http://four:4', remotes: [shipway] })).toEqual(['http://four:4', undefined]);
    expect(choose({ remotes: [shipway], appFlag: 'x' })).toEqual(['http://one:1', 'x']);
  });

  it('takes a remote of another name only where it is of the platform', () => {
    expect(choose({ remotes: [origin] })).toEqual(['http://localhost:8080', undefined]);
    expect(choose({ remotes: [origin], lastLogin: 'http://two:2' })).toEqual(['http://two:2', 'other']);
  });

  it('refuses what is no URL', () => {
    expect(() => choose({ url: 'localhost:8080' })).toThrow(/SHIPWAY_URL is not a URL/);
  });
});

describe('server/cli/commands', () => {
  it('reads scales', () => {
    expect(parseScale('web=2')).toEqual({ type: 'web', quantity: '2' });
    expect(parseScale('my-worker-1')).toEqual({ type: 'my-worker', quantity: '-1' });
    expect(parseScale('web+1:standard-2x')).toEqual({ type: 'web', quantity: '+1', size: 'standard-2x' });
    for (const text of ['web', 'web=', 'web=x', '=2', 'web=2:'])
      expect(() => parseScale(text)).toThrow(/is not a scale/);
  });

  it('reads assignments, and writes them for a shell', () => {
    expect(parseAssignment('A=b=c')).toEqual(['A', 'b=c']);
    expect(parseAssignment('A=')).toEqual(['A', '']);
    expect(() => parseAssignment('A')).toThrow(/is not NAME=value/);
    expect(formatShell('A', "it's $HOME")).toBe(String.raw`A='it'\''s $HOME'`);
    expect(formatShell('A', 'http://x:1/y')).toBe('A=http://x:1/y');
  });
});

describe('server/cli/api-client', () => {
  it('keeps what is put into a path one part of it', () => {
    expect(path`/apps/${'a/../b?c'}/dynos/${'web.1'}`).toBe('/apps/a%2F..%2Fb%3Fc/dynos/web.1');
  });

  it('builds a call without sending it', () => {
    const call = buildCall(new URL('http://h:1'), { method: 'POST', path: '/apps', body: { name: 'ü' } }, 'secret');
    expect(call.url.href).toBe('http://h:1/apps');
    expect(call.body).toBe('{"name":"ü"}');
    expect(call.headers).toMatchObject({
      Authorization: 'Bearer secret',
      Accept: 'application/vnd.heroku+json; version=3',
      'Content-Length': '13',
    });
  });

  it('gives errors the exit code of the error table', () => {
    const exitCodes = [400, 401, 403, 404, 409, 422, 429, 500, 502, 503].map(
      (status) => readError(status, '').exitCode,
    );
    expect(exitCodes).toEqual([2, 3, 3, 4, 5, 2, 6, 1, 1, 7]);
    expect(readError(500, '<html>').message).toBe('The server answered with status 500.');
  });
});

describe('server/cli/terminal', () => {
  it('aligns columns', () => {
    expect(
      formatTable([
        ['a', 'b', 'c'],
        ['long', '', 'x'],
      ]),
    ).toBe('a     b  c\nlong     x');
  });

  it('keeps colours and nothing else that a terminal would obey', () => {
    expect(safeText('\u001b[31mred\u001b[0m\tok\u001b]0;title\u0007\u001b[2J\r\u009b1m')).toBe(
      '\u001b[31mred\u001b[0m\tok]0;title[2J1m',
    );
  });
});
