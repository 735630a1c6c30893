import { zeroOid } from '../domain/git.ts';
import type { ByteReader } from './byte-reader.ts';
import { findDisconnected } from './connectivity.ts';
import { indexPack } from './index-pack.ts';
import { migrateQuarantine, openQuarantine, type Quarantine, removeQuarantine } from './quarantine.ts';
import type { ReceiveRequest } from './receive-request.ts';
import { addShallow, missingObjects, shallowEnvironment } from './shallow.ts';

/** What became of a push's objects. `disconnected`: new oids that lead to something that is nowhere. */
export type ReceivedObjects =
  | { readonly status: 'stored'; readonly disconnected: ReadonlySet<string> }
  | { readonly status: 'refused'; readonly reason: string };

export interface ReceiveObjectsRequest {
  readonly repositoryPath: string;
  readonly head: ReceiveRequest;
  /** Stands at the first byte of the pack. */
  readonly reader: ByteReader;
  readonly maxPackBytes: number;
  readonly onProgress: ((bytes: Buffer) => void) | undefined;
}

/** Takes the pack of a push into the repository by way of a quarantine, which is gone afterwards however this ends. */
export async function receiveObjects(request: ReceiveObjectsRequest): Promise<ReceivedObjects> {
  const tips = [...new Set(request.head.commands.map(({ newOid }) => newOid))].filter((oid) => oid !== zeroOid);
  // Only deletes: no pack follows.
  if (tips.length === 0) return { status: 'stored', disconnected: new Set() };
  const quarantine = await openQuarantine(request.repositoryPath);
  try {
    return await receiveInto(quarantine, tips, request);
  } finally {
    await removeQuarantine(quarantine);
  }
}

async function receiveInto(
  quarantine: Quarantine,
  tips: readonly string[],
  request: ReceiveObjectsRequest,
): Promise<ReceivedObjects> {
  const { repositoryPath, head } = request;
  // A commit that the repository has, it has with its history: only cuts at others are news.
  const cuts = await missingObjects(repositoryPath, head.shallow);
  const env = await shallowEnvironment(quarantine, cuts);
  const pack = await indexPack({ ...request, quarantine, env, tips });
  if (pack.status === 'refused') return pack;
  const disconnected = pack.closed ? new Set<string>() : await findDisconnected(repositoryPath, env, tips);
  if (tips.every((tip) => disconnected.has(tip))) return { status: 'stored', disconnected };
  // Cuts first: a crash in between must not leave commits that look complete and are not.
  const absent = new Set(await missingObjects(repositoryPath, cuts, env));
  await addShallow(
    repositoryPath,
    cuts.filter((oid) => !absent.has(oid)),
  );
  await migrateQuarantine(quarantine);
  return { status: 'stored', disconnected };
}
