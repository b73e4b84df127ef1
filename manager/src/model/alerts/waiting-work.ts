/** What the product owes somebody and could not do yet, by what it waits for. */
export const WAITING_KINDS = [
  "messages",
  "annotations",
  "mails",
  "archives",
  "restores",
  "retrievals",
  "deletions",
  "renewals",
] as const;
export type WaitingKind = (typeof WAITING_KINDS)[number];

/** Work of one kind that is undone for longer than it should be. */
export interface WaitingWork {
  readonly kind: WaitingKind;
  readonly count: number;
  /** When the oldest of it was due, epoch milliseconds. */
  readonly since: number;
}
