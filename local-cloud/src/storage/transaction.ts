import type { DatabaseSync } from "node:sqlite";

/** Runs synchronous changes as one: all of them are kept or none. */
export function inTransaction<Result>(db: DatabaseSync, change: () => Result): Result {
  db.exec("begin immediate");
  try {
    const result = change();
    db.exec("commit");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("rollback"); // a full disk has rolled it back already
    throw error;
  }
}
