const SQLITE_FULL = 13;
const CODES: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);

/** Nothing more can be stored for now. */
export class DiskFullError extends Error {
  constructor(options?: ErrorOptions) {
    super("The disk of this machine is full. Nothing is lost; free some space and try again.", options);
    this.name = "DiskFullError";
  }
}

/** Whether a write failed for want of space, by whoever tells it: this process, the file system or SQLite. */
export function isDiskFull(error: unknown): boolean {
  if (error instanceof DiskFullError) return true;
  if (!(error instanceof Error)) return false;
  if ("code" in error && CODES.has(error.code)) return true;
  return "errcode" in error && error.errcode === SQLITE_FULL;
}
