import type { Readable } from "node:stream";

export type Tier = "Expedited" | "Standard";

/** What is put away: a local file and what is known of it. */
export interface ArchiveInput {
  readonly jobId: string;
  readonly userId: number;
  /** Of the job's row; makes every copy's name its own. */
  readonly generation: number;
  readonly fileName: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface StoredArchive {
  readonly archiveId: string;
  /** Undefined when the archive does not tell. */
  readonly jobId: string | undefined;
  readonly createdAt: Date;
}

export type RetrievalState = "in progress" | "ready" | "failed";

/**
 * Where results of Free users wait. All operations are safe to repeat.
 *
 * `retrievalId` names one retrieval of an archive; a retrieval that failed or whose output has expired is `failed` and
 * must be asked for again.
 */
export interface ArchiveStore {
  /** Copies and verifies size and checksum; throws when the copy is not exactly the file. */
  put(input: ArchiveInput, signal: AbortSignal): Promise<string>;
  /** Asks for a retrieval; Expedited, or Standard when there is no capacity for that. */
  retrieve(archiveId: string, jobId: string): Promise<{ readonly retrievalId: string; readonly tier: Tier }>;
  retrievalState(archiveId: string, retrievalId: string): Promise<RetrievalState>;
  /** The content of a retrieval that is ready. */
  open(archiveId: string, retrievalId: string, signal: AbortSignal): Promise<Readable>;
  /** Succeeds when there is no such archive. */
  remove(archiveId: string): Promise<void>;
  /**
   * Everything in the store, as far as it is known now; null while it is being found out (a vault's inventory takes
   * hours).
   */
  inventory(): Promise<AsyncIterable<StoredArchive> | null>;
}
