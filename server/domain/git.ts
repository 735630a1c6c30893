/** 40 zeros: "no commit" on either side of a ref command. */
export const zeroOid = '0'.repeat(40);

/** One command of a push: move `ref` from `oldOid` to `newOid` (gitprotocol-pack, "Reference Update Request"). */
export interface RefCommand {
  readonly ref: string;
  readonly oldOid: string;
  readonly newOid: string;
}

/** What the pusher is told of one command (report-status). `reason` is the text of `ng`: short, one line. */
export type RefResult =
  | { readonly ref: string; readonly ok: true }
  | { readonly ref: string; readonly ok: false; readonly reason: string };

export interface Push {
  readonly appId: string;
  readonly appName: string;
  readonly userId: string;
  readonly userEmail: string;
  readonly commands: readonly RefCommand[];
  readonly atomic: boolean;
  readonly options: readonly string[];
  /** When the first byte of the push came, for the time line. */
  readonly receivedAt: Date;
  /** How long the pack took to arrive and be indexed. */
  readonly receiveMs: number;
}

/** What the git room calls once the objects of a push are safely in the repository. No ref has moved yet. */
export interface PushReceiver {
  /** `tell` writes one line to the pusher (side-band 2); it does nothing when the pusher is gone. Never throws for a user's failure. */
  receive(push: Push, tell: (line: string) => void): Promise<readonly RefResult[]>;
}

/** The git repositories of the apps, as pipeline and api see them. */
export interface Repositories {
  /** Bare repository on disk; made on first use. */
  pathOf(appId: string): string;
  create(appId: string): Promise<void>;
  remove(appId: string): Promise<void>;
  readRef(appId: string, ref: string): Promise<string | undefined>;
  /** Compare and swap. False when the ref is not at `oldOid` any more. `newOid` of zeros deletes. */
  updateRef(appId: string, command: RefCommand): Promise<boolean>;
  /** All or none, for `--atomic`. */
  updateRefs(appId: string, commands: readonly RefCommand[]): Promise<boolean>;
  /** A commit behind `oid` (a tag is peeled), or undefined when it is no commit. */
  readCommit(
    appId: string,
    oid: string,
  ): Promise<{ readonly commit: string; readonly tree: string; readonly message: string } | undefined>;
  isDescendant(appId: string, commit: string, ancestor: string): Promise<boolean>;
}

/** Refs below this prefix keep the objects of pushes that are being built; they are never advertised. */
export const hiddenRefPrefix = 'refs/shipway/';
