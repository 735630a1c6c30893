import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zeroOid } from '../../../server/domain/git.ts';
import { flushPkt, writePkt } from '../../../server/git/pkt-line.ts';
import { clientEnvironment, type GitServer, mustGit, startGitServer } from './git-server.ts';
import { commit, makeWorkTree } from './work-tree.ts';

const authorization = `Basic ${Buffer.from('x:ann-token').toString('base64')}`;
const receiveType = 'application/x-git-receive-pack-request';

describe('server/git/git-handler on the wire', () => {
  let server: GitServer;
  let work: string;
  let head: string;
  beforeAll(async () => {
    server = await startGitServer({ stallTimeoutMs: 1_000, keepAliveMs: 50, maxPackBytes: 2 ** 20 });
    work = await makeWorkTree(server.root);
    head = await commit(work, { a: '1' });
    await mustGit(work, 'push', server.url('wire'), 'main');
  });
  afterAll(() => server.close());

  function post(body: BodyInit | Buffer, headers: Record<string, string> = {}, service = 'git-receive-pack') {
    return fetch(`${server.origin}/wire.git/${service}`, {
      method: 'POST',
      headers: { authorization, 'content-type': `application/x-${service}-request`, ...headers },
      body: body as BodyInit,
    });
  }
  const quarantines = async () =>
    (await readdir(join(server.repositoryOf('wire'), 'objects'))).filter((name) => name.startsWith('incoming-'));
  const push = (newOid: string, ref: string, pack: Buffer, capabilities = 'report-status') =>
    Buffer.concat([writePkt(`${zeroOid} ${newOid} ${ref}\0${capabilities}`), flushPkt, pack]);
  /** A pack of exactly these objects. */
  const packOf = (...oids: string[]) =>
    spawnSync('git', ['pack-objects', '--stdout', '-q'], { cwd: work, env: clientEnvironment, input: oids.join('\n') })
      .stdout;
  const everything = async () =>
    (await mustGit(work, 'rev-list', '--objects', '--no-object-names', 'HEAD')).split('\n');

  it('advertises refs and capabilities, and nothing hidden', async () => {
    await server.repositories.updateRef(server.appId('wire'), {
      ref: 'refs/shipway/builds/1',
      oldOid: zeroOid,
      newOid: head,
    });
    const answer = await fetch(`${server.origin}/wire.git/info/refs?service=git-receive-pack`, {
      headers: { authorization },
    });
    expect(answer.headers.get('content-type')).toBe('application/x-git-receive-pack-advertisement');
    expect(answer.headers.get('cache-control')).toContain('no-cache');
    const text = await answer.text();
    expect(text).toContain(`001f# service=git-receive-pack\n0000`);
    expect(text).toContain(`${head} refs/heads/main\0report-status report-status-v2 delete-refs side-band-64k`);
    expect(text).not.toContain('shipway/builds');
  });

  it('asks for a token, and takes it with any user name', async () => {
    const answer = await fetch(`${server.origin}/wire.git/info/refs?service=git-upload-pack`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Basic realm="Shipway"');
  });

  it.each([
    ['GET', '/wire.git/info/refs', {}, 400],
    ['GET', '/wire.git/info/refs?service=git-evil', {}, 400],
    ['POST', '/wire.git/git-receive-pack', { 'content-type': 'text/plain' }, 400],
    ['GET', '/wire.git/git-receive-pack', {}, 400],
    ['GET', '/wire.git/HEAD', {}, 404],
    ['GET', '/../wire.git/info/refs?service=git-upload-pack', {}, 200],
    ['GET', '/a%2Fb.git/info/refs?service=git-upload-pack', {}, 404],
    ['GET', '/none.git/info/refs?service=git-upload-pack', {}, 404],
  ])('answers %s %s with its status', async (method, path, headers, status) => {
    const answer = await fetch(server.origin + path, { method, headers: { authorization, ...headers } });
    expect(answer.status).toBe(status);
    await answer.arrayBuffer();
  });

  it('answers the probe of a client that is about to send much', async () => {
    const answer = await post(flushPkt);
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  it('reports without a side band to a client that knows none', async () => {
    const answer = await post(push(head, 'refs/heads/plain', packOf(...(await everything()))));
    expect(await answer.text()).toBe('000eunpack ok\n0018ok refs/heads/plain\n0000');
  });

  it('takes a gzipped body, and no broken one', async () => {
    const body = push(head, 'refs/heads/zipped', packOf(...(await everything())));
    const answer = await post(gzipSync(body), { 'content-encoding': 'gzip' });
    expect(await answer.text()).toContain('ok refs/heads/zipped');
    expect((await post(body, { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await post(body, { 'content-encoding': 'br' })).status).toBe(400);
  });

  it('counts a gzipped pack by its inflated size', async () => {
    const bomb = push(head, 'refs/heads/bomb', Buffer.concat([packOf(head).subarray(0, 12), Buffer.alloc(2 ** 22)]));
    const answer = await post(gzipSync(bomb), { 'content-encoding': 'gzip' });
    expect(await answer.text()).toMatch(/^....unpack /);
    expect(await quarantines()).toEqual([]);
  });

  it('refuses what is no pack', async () => {
    for (const pack of [Buffer.alloc(0), Buffer.from('PACK'), randomBytes(100)]) {
      const answer = await post(push(head, 'refs/heads/none', pack));
      expect(await answer.text()).toContain('unpack the pack is missing or broken');
    }
    const torn = packOf(...(await everything())).subarray(0, -30);
    expect(await (await post(push(head, 'refs/heads/none', torn))).text()).toContain(
      'ng refs/heads/none unpacker error',
    );
  });

  it('refuses a pack without the parent, or the tree, of its commit', async () => {
    const next = await commit(work, { b: '2' });
    const parent = await mustGit(work, 'commit-tree', `${next}^{tree}`, '-m', 'Nobody has this');
    const child = await mustGit(work, 'commit-tree', `${next}^{tree}`, '-p', parent, '-m', 'Child');
    const pack = packOf(
      child,
      await mustGit(work, 'rev-parse', `${next}^{tree}`),
      await mustGit(work, 'rev-parse', `${next}:b`),
    );
    const answer = await post(push(child, 'refs/heads/hole', pack));
    expect(await answer.text()).toMatch(/unpack did not receive expected object/);
    expect(await quarantines()).toEqual([]);
  });

  it('refuses a commit above one that is there but not whole', async () => {
    // Left by an accident: a commit in the repository whose tree is nowhere.
    const repository = server.repositoryOf('wire');
    await writeFile(
      join(work, 'torn'),
      `tree ${'3'.repeat(40)}\nauthor A <a@b.c> 1 +0000\ncommitter A <a@b.c> 1 +0000\n\nTorn\n`,
    );
    const torn = await mustGit(work, 'hash-object', '-t', 'commit', '--literally', '-w', 'torn');
    await mustGit(repository, 'hash-object', '-t', 'commit', '--literally', '-w', join(work, 'torn'));
    const tree = await mustGit(work, 'rev-parse', 'HEAD^{tree}');
    const child = await mustGit(work, 'commit-tree', tree, '-p', torn, '-m', 'Above');
    const known = (await mustGit(work, 'rev-list', '--objects', '--no-object-names', 'HEAD')).split('\n');
    const answer = await post(push(child, 'refs/heads/above', packOf(child, ...known)));
    expect(await answer.text()).toContain('ng refs/heads/above missing necessary objects');
  });

  it('gives up an upload from which nothing more comes', async () => {
    const request = httpRequest(`${server.origin}/wire.git/git-receive-pack`, {
      method: 'POST',
      headers: { authorization, 'content-type': receiveType },
    });
    request.write(push(head, 'refs/heads/stalled', packOf(...(await everything())).subarray(0, 40)));
    const [response] = await once(request, 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    expect(text).toContain('unpack The upload stalled');
    expect(await quarantines()).toEqual([]);
    request.destroy();
  });

  it('waits for an upload that trickles', async () => {
    const body = push(head, 'refs/heads/trickle', packOf(...(await everything())));
    const request = httpRequest(`${server.origin}/wire.git/git-receive-pack`, {
      method: 'POST',
      headers: { authorization, 'content-type': receiveType },
    });
    for (const byte of body) await new Promise((resolve) => request.write(Buffer.of(byte), resolve));
    request.end();
    const [response] = await once(request, 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    expect(text).toContain('ok refs/heads/trickle');
  });

  it('removes the quarantine of a connection that was lost', async () => {
    const request = httpRequest(`${server.origin}/wire.git/git-receive-pack`, {
      method: 'POST',
      headers: { authorization, 'content-type': receiveType },
    });
    request.on('error', () => undefined);
    request.write(push(head, 'refs/heads/lost', packOf(...(await everything())).subarray(0, 40)));
    await expect.poll(quarantines).toHaveLength(1);
    request.destroy();
    await expect.poll(quarantines).toEqual([]);
  });

  it('does not log what pushers do wrong', async () => {
    expect(server.logged).toEqual([]);
  });
});
