import { ShipwayError } from '../../server/domain/error.ts';

// OCI distribution specification 1.1, "Pulling manifests": <name> and <reference>.
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryPattern = new RegExp(`^${component}(?:/${component})*$`);
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const digestPattern = /^sha256:([0-9a-f]{64})$/;

/** 255 is what clients assume of host name and repository together; it also keeps every path below the system's limit. */
export function isRepositoryName(name: string): boolean {
  return name.length <= 255 && repositoryPattern.test(name);
}

export function isTag(reference: string): boolean {
  return tagPattern.test(reference);
}

/** SHA-256 only: it is what every client sends, and one algorithm keeps equal content in one place. */
export function isDigest(reference: string): boolean {
  return digestPattern.test(reference);
}

/**
 * The 64 hex digits of a digest: all of it that ever becomes part of a path.
 * @throws ShipwayError invalid_params for anything but `sha256:<64 hex digits>`.
 */
export function digestHex(digest: string): string {
  const hex = digestPattern.exec(digest)?.[1];
  if (hex === undefined) throw new ShipwayError('invalid_params', `"${digest}" is no digest (sha256:<64 hex digits>).`);
  return hex;
}

/** @throws ShipwayError invalid_params: such a name must never become a path. */
export function assertRepositoryName(name: string): void {
  if (!isRepositoryName(name)) throw new ShipwayError('invalid_params', `"${name}" is no repository name.`);
}
