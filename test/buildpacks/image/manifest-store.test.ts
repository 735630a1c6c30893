import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRepositoryName } from '../../../buildpacks/image/image-names.ts';
import { mediaTypes, parseManifest } from '../../../buildpacks/image/manifest.ts';
import { createManifestStore } from '../../../buildpacks/image/manifest-store.ts';
import { temporaryFolder } from './temporary-folder.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const manifest = (annotation: string) =>
  Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, digest, size: 2 },
      layers: [],
      annotations: { annotation },
    }),
  );

async function emptyStore() {
  const root = await temporaryFolder();
  return { root, manifests: createManifestStore({ root }) };
}

describe('buildpacks/image/manifest-store', () => {
  it('finds a manifest by digest and by tag, as its bytes came', async () => {
    const { manifests } = await emptyStore();
    const bytes = manifest('one');
    const stored = await manifests.put('a/b', bytes, mediaTypes.manifest);
    await manifests.tag('a/b', 'v1', stored.digest);
    const expected = { bytes, digest: stored.digest, mediaType: mediaTypes.manifest };
    expect(await manifests.get('a/b', stored.digest)).toEqual(expected);
    expect(await manifests.get('a/b', 'v1')).toEqual(expected);
    expect(await manifests.get('a', 'v1')).toBeUndefined();
    expect(await manifests.get('a/b', 'v2')).toBeUndefined();
  });

  it('keeps repositories apart whose names nest', async () => {
    const { root, manifests } = await emptyStore();
    const first = await manifests.put('a', manifest('one'), mediaTypes.manifest);
    await manifests.put('a/manifests', manifest('two'), mediaTypes.manifest);
    await manifests.put('a/tags/list', manifest('three'), mediaTypes.manifest);
    expect(await manifests.repositories()).toEqual(['a', 'a/manifests', 'a/tags/list']);
    expect((await manifests.list('a')).map((listed) => listed.digest)).toEqual([first.digest]);
    expect(await manifests.remove('a')).toBe(true);
    expect(await manifests.repositories()).toEqual(['a/manifests', 'a/tags/list']);
    await manifests.remove('a/manifests');
    await manifests.remove('a/tags/list');
    expect(await manifests.remove('a/tags/list')).toBe(false);
    expect(await readdir(join(root, 'repositories'))).toEqual([]);
  });

  it('removes a tag alone, or a manifest with its tags', async () => {
    const { manifests } = await emptyStore();
    const stored = await manifests.put('a', manifest('one'), mediaTypes.manifest);
    for (const tag of ['v1', 'v2', 'V0']) await manifests.tag('a', tag, stored.digest);
    expect(await manifests.tags('a')).toEqual(['V0', 'v1', 'v2']);
    expect([await manifests.remove('a', 'v2'), await manifests.remove('a', 'v2')]).toEqual([true, false]);
    expect(await manifests.tags('a')).toEqual(['V0', 'v1']);
    expect(await manifests.remove('a', stored.digest)).toBe(true);
    expect(await manifests.tags('a')).toEqual([]);
  });

  it('refuses bytes that are no manifest, and one of another media type', async () => {
    const { manifests } = await emptyStore();
    for (const bytes of ['', '[]', '{"schemaVersion":1}', manifest('x').toString().replace(digest, 'sha256:../..')]) {
      const put = manifests.put('a', Buffer.from(bytes), mediaTypes.manifest);
      await expect(put).rejects.toMatchObject({ code: 'invalid_params' });
    }
    await expect(manifests.put('a', manifest('x'), mediaTypes.dockerManifest)).rejects.toThrow('media type');
  });

  it('parses any bytes to a manifest or an error that says so', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (content) => {
        try {
          parseManifest(Buffer.from(content));
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'invalid_params' });
        }
      }),
    );
  });

  it.each([
    '..',
    '../a',
    'a/../b',
    'a//b',
    '/a',
    'a/',
    'A',
    'a/_tags',
    '_manifests',
    'a\0',
    'a b',
    'é',
    '',
    'a.',
    'x'.repeat(256),
  ])('never makes a path of "%s"', async (name) => {
    const { manifests } = await emptyStore();
    await expect(async () => manifests.put(name, manifest('x'), mediaTypes.manifest)).rejects.toMatchObject({
      code: 'invalid_params',
    });
    await expect(async () => manifests.tag('a', '../../x', digest)).rejects.toThrow('no tag');
  });

  it('takes only names whose every part is one folder below the root', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9._/-]{1,40}$/), (name) => {
        if (isRepositoryName(name)) expect(join('/root', name)).toBe(`/root/${name}`);
      }),
      { numRuns: 2000 },
    );
  });
});
