import { isDigest, isRepositoryName, isTag } from './image-names.ts';
import { RegistryError } from './registry-error.ts';

/** What a request is about: the endpoints of the OCI distribution specification 1.1, below `/v2`. */
export type RegistryTarget =
  | { readonly kind: 'version' }
  | { readonly kind: 'manifest'; readonly repository: string; readonly reference: string }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'uploads'; readonly repository: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly id: string }
  | { readonly kind: 'tags'; readonly repository: string };

/**
 * A repository's name may hold slashes, so the end of the path decides.
 * @param path As in the request, below `/v2`, without query. @throws RegistryError for a name, digest or tag that the specification does not allow.
 */
export function parseRegistryTarget(path: string): RegistryTarget | undefined {
  const decoded = decode(path);
  if (decoded === '/' || decoded === '') return { kind: 'version' };
  const [, name = '', rest = ''] =
    /^\/(.+?)\/(manifests\/[^/]+|blobs\/uploads\/?|blobs\/uploads\/[^/]+|blobs\/[^/]+|tags\/list)$/.exec(decoded) ?? [];
  if (rest === '') return undefined;
  if (!isRepositoryName(name)) throw new RegistryError('NAME_INVALID', `"${name}" is no repository name.`);
  return parseRest(name, rest);
}

function parseRest(repository: string, rest: string): RegistryTarget {
  const last = rest.slice(rest.lastIndexOf('/') + 1);
  if (rest === 'tags/list') return { kind: 'tags', repository };
  if (rest === 'blobs/uploads' || rest === 'blobs/uploads/') return { kind: 'uploads', repository };
  if (rest.startsWith('blobs/uploads/')) return { kind: 'upload', repository, id: last };
  if (rest.startsWith('blobs/')) return { kind: 'blob', repository, digest: assertDigest(last) };
  if (!isTag(last)) assertDigest(last);
  return { kind: 'manifest', repository, reference: last };
}

/** @throws RegistryError DIGEST_INVALID. */
export function assertDigest(text: string): string {
  if (isDigest(text)) return text;
  throw new RegistryError(
    'DIGEST_INVALID',
    `"${text}" is no digest that this registry knows (sha256:<64 hex digits>).`,
  );
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new RegistryError('NAME_INVALID', 'The path is not percent-encoded UTF-8.');
  }
}

/** RFC 7617. Undefined without credentials, or with malformed ones. */
export function parseBasicCredentials(header: string | undefined): { username: string; password: string } | undefined {
  const token = /^basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  const pair = token === undefined ? undefined : Buffer.from(token, 'base64').toString('utf8');
  const colon = pair?.indexOf(':') ?? -1;
  if (pair === undefined || colon === -1) return undefined;
  return { username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

/**
 * One range of bytes (RFC 9110, 14.1.2), with an inclusive end. Undefined where the whole is to be sent: no range, or several.
 * @throws RegistryError RANGE_INVALID for one that lies behind the end.
 */
export function parseByteRange(
  header: string | undefined,
  sizeBytes: number,
): { readonly start: number; readonly end: number } | undefined {
  const [, first = '', last = ''] = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== '' && first !== '' && Number(last) < start) return undefined;
  if (start <= end) return { start, end };
  throw new RegistryError('RANGE_INVALID', `The blob has ${sizeBytes} bytes.`, {
    'content-range': `bytes */${sizeBytes}`,
  });
}
