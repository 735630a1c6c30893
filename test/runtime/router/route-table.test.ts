import { describe, expect, it } from 'vitest';
import { createRouteIndex, hostName } from '../../../runtime/router/route-table.ts';
import type { AppRoute } from '../../../server/domain/route.ts';

const route = (appId: string, ...hosts: readonly string[]): AppRoute => ({
  appId,
  appName: appId,
  hosts,
  state: 'blank',
  targets: [],
});

describe('runtime/router/route-table', () => {
  it('matches exact hosts alone', () => {
    const index = createRouteIndex();
    index.put(1, route('a', 'a.localhost', 'www.example.com'));
    expect(index.match('www.example.com')?.appId).toBe('a');
    expect(index.match('example.com')).toBeUndefined();
    expect(index.match('b.a.localhost')).toBeUndefined();
    expect(index.version).toBe(1);
  });

  it('forgets hosts that a route lost, and not those that another app took over', () => {
    const index = createRouteIndex();
    index.put(1, route('a', 'one', 'two', 'three'));
    index.put(2, route('b', 'two'));
    index.put(3, route('a', 'one'));
    expect(['one', 'two', 'three'].map((host) => index.match(host)?.appId)).toEqual(['a', 'b', undefined]);
    index.delete(4, 'a');
    index.delete(5, 'unknown');
    expect(['one', 'two'].map((host) => index.match(host)?.appId)).toEqual([undefined, 'b']);
  });

  it('replaces all of it', () => {
    const index = createRouteIndex();
    index.put(1, route('a', 'a'));
    index.replace({ version: 7, routes: [route('b', 'b')] });
    expect(index.match('a')).toBeUndefined();
    expect(index.table()).toEqual({ version: 7, routes: [route('b', 'b')] });
  });

  it.each([
    ['Demo.Localhost:8080', 'demo.localhost'],
    ['demo', 'demo'],
    ['[::1]:8080', '[::1]'],
    ['[::1]', '[::1]'],
  ])('looks %s up as %s', (host, name) => expect(hostName(host)).toBe(name));
});
