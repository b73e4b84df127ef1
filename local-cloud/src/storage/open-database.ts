import { DatabaseSync } from "node:sqlite";

/**
 * Opens the database of a service, which is its only user.
 *
 * - `synchronous = normal`: a commit reaches the operating system before it returns, so it survives this process though
 *   not a power cut.
 * - `locking_mode = exclusive`: no lock is taken and given back for each statement; for the time of a process that is
 *   ending, the next one waits.
 * - Rows that are read again and again stay in memory, and the log is copied into the database in larger portions.
 */
export function openDatabase(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec(`pragma busy_timeout = 5000; pragma locking_mode = exclusive; pragma journal_mode = wal;
    pragma synchronous = normal; pragma cache_size = -32000; pragma wal_autocheckpoint = 4000`);
  return db;
}
