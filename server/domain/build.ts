import type { ReleaseImage } from './release.ts';

/**
 * `queued`: waits for the build that runs before it. `pending`: handed to the queue or running. `replaced`: a newer
 * push took its place before it started. `succeeded` means that the image exists; whether it went live is its release's.
 */
export type BuildStatus = 'queued' | 'pending' | 'succeeded' | 'failed' | 'replaced' | 'canceled';

export interface Build {
  readonly id: string;
  readonly appId: string;
  readonly userId: string;
  readonly userEmail: string;
  readonly status: BuildStatus;
  /** Commit that is built, and the tree it holds. */
  readonly commit: string;
  readonly tree: string;
  /** The ref that moves to `commit` when the release is live, and what the pusher saw it at (40 zeros: created). */
  readonly ref: string;
  readonly oldCommit: string;
  /** True once the release that this build ends in is live or has failed, or no release is to come. */
  readonly finished: boolean;
  readonly releaseVersion: number | undefined;
  readonly image: ReleaseImage | undefined;
  /** Why it failed, as shown to the user. */
  readonly failure: string | undefined;
  readonly phases: readonly Phase[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** One span of a push's time line: receive, queue, build, image, release, start, route. */
export interface Phase {
  readonly name: string;
  readonly durationMs: number;
}

/** A line of a build's output. `seq` grows by build, so a reader resumes after the last one that it saw. */
export interface BuildLine {
  readonly seq: number;
  readonly text: string;
}

/** What a build ends in. A user's failed build is a result; an exception means that the platform failed. */
export type BuildResult =
  | { readonly status: 'succeeded'; readonly image: ReleaseImage; readonly phases: readonly Phase[] }
  | { readonly status: 'failed'; readonly reason: string; readonly phases: readonly Phase[] };

/** What a worker needs to know of one build. */
export interface BuildRequest {
  readonly buildId: string;
  readonly appId: string;
  readonly appName: string;
  readonly repositoryPath: string;
  readonly commit: string;
  readonly tree: string;
  /** Config vars in the scope of builds. */
  readonly configVars: Readonly<Record<string, string>>;
}
