import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRepositoryName } from '../../../buildpacks/image/image-names.ts';
import {
  parseBasicCredentials,
  parseByteRange,
  parseRegistryTarget,
} from '../../../buildpacks/image/registry-request.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('buildpacks/image/registry-request', () => {
  it.each([
    ['/', { kind: 'version' }],
    ['/a/manifests/v1', { kind: 'manifest', repository: 'a', reference: 'v1' }],
    [`/a/b/c/manifests/${digest}`, { kind: 'manifest', repository: 'a/b/c', reference: digest }],
    [`/a/manifests/${encodeURIComponent(digest)}`, { kind: 'manifest', repository: 'a', reference: digest }],
    ['/a/manifests/manifests/latest', { kind: 'manifest', repository: 'a/manifests', reference: 'latest' }],
    [`/a/blobs/${digest}`, { kind: 'blob', repository: 'a', digest }],
    ['/a/blobs/uploads', { kind: 'uploads', repository: 'a' }],
    ['/a/blobs/uploads/', { kind: 'uploads', repository: 'a' }],
    ['/a/blobs/uploads/some-id', { kind: 'upload', repository: 'a', id: 'some-id' }],
    ['/a/tags/list', { kind: 'tags', repository: 'a' }],
    ['/a/b', undefined],
    ['/_catalog', undefined],
  ])('takes %s for what the specification says', (path, target) => {
    expect(parseRegistryTarget(path)).toEqual(target);
  });

  it.each([
    ['/../a/manifests/v1', 'NAME_INVALID'],
    ['/..%2f..%2fetc/manifests/v1', 'NAME_INVALID'],
    ['/A/tags/list', 'NAME_INVALID'],
    ['/%ff/tags/list', 'NAME_INVALID'],
    ['/a/manifests/..', 'DIGEST_INVALID'],
    ['/a/manifests/sha256:short', 'DIGEST_INVALID'],
    ['/a/blobs/sha512:abc', 'DIGEST_INVALID'],
  ])('refuses %s with %s', (path, code) => {
    expect(() => parseRegistryTarget(path)).toThrow(expect.objectContaining({ code }));
  });

  it('never lets anything but a valid name through, for any path', () => {
    const piece = fc.constantFrom(
      'a',
      '..',
      '.',
      '/',
      'manifests',
      'blobs',
      'uploads',
      'tags',
      'list',
      '%2e',
      '%2f',
      '\0',
      digest,
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        let target: ReturnType<typeof parseRegistryTarget>;
        try {
          target = parseRegistryTarget(`/${pieces.join('')}`);
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'RegistryError' });
          return;
        }
        if (target !== undefined && target.kind !== 'version') expect(isRepositoryName(target.repository)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads Basic credentials, with colons in the password', () => {
    const header = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
    expect(parseBasicCredentials(header('ada:se:cret'))).toEqual({ username: 'ada', password: 'se:cret' });
    for (const bad of [undefined, '', 'Bearer x', 'Basic', 'Basic !', header('ada')]) {
      expect(parseBasicCredentials(bad)).toBeUndefined();
    }
  });

  it.each([
    ['bytes=0-3', { start: 0, end: 3 }],
    ['bytes=4-', { start: 4, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['bytes=5-500', { start: 5, end: 9 }],
    [undefined, undefined],
    ['bytes=5-2', undefined],
    ['bytes=0-1,3-4', undefined],
    ['items=0-1', undefined],
  ])('takes the range %s of ten bytes', (header, range) => {
    expect(parseByteRange(header, 10)).toEqual(range);
  });

  it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0'])('refuses the range %s of ten bytes', (header) => {
    expect(() => parseByteRange(header, 10)).toThrow(expect.objectContaining({ code: 'RANGE_INVALID' }));
  });
});
