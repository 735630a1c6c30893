/** The queue of builds. At-least-once: a job whose worker died is given to another worker. */
export interface BuildQueue {
  add(buildId: string): Promise<void>;
  close(): Promise<void>;
}

/** A worker's side: `run` is called again with the same id when a worker was lost on the way, so it starts by cleaning up. */
export interface BuildWorker {
  close(): Promise<void>;
}
