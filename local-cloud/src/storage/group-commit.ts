import type { DatabaseSync, StatementSync } from "node:sqlite";

interface Pending {
  readonly attempt: () => () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs the writes of one event-loop turn in one transaction and tells their callers only after the commit, so what was
 * acknowledged survives
 * kill -9 while a commit's cost is shared by all requests of the turn.
 *
 * A unit of work is synchronous and touches nothing but the database: when one of a group throws, the group is rolled
 * back and each
 * unit runs again in a transaction of its own, so that it alone fails.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  #pending: Pending[] = [];

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#begin = db.prepare("begin immediate");
    this.#commit = db.prepare("commit");
    this.#rollback = db.prepare("rollback");
  }

  run<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const attempt = () => {
        const value = work();
        return () => resolve(value);
      };
      this.#pending.push({ attempt, reject });
      if (this.#pending.length === 1) setImmediate(() => this.flush());
    });
  }

  /** Commits what waits now; for closing time. */
  flush(): void {
    const group = this.#pending;
    this.#pending = [];
    if (group.length === 0 || this.#together(group)) return;
    for (const one of group) this.#alone(one);
  }

  #together(group: readonly Pending[]): boolean {
    let acknowledgements: (() => void)[];
    try {
      acknowledgements = this.#transaction(() => group.map(({ attempt }) => attempt()));
    } catch {
      return false; // each unit runs alone next, and the one at fault throws again
    }
    for (const acknowledge of acknowledgements) acknowledge();
    return true;
  }

  #alone(one: Pending): void {
    try {
      this.#transaction(one.attempt)();
    } catch (error) {
      one.reject(error);
    }
  }

  #transaction<T>(work: () => T): T {
    this.#begin.run();
    try {
      const value = work();
      this.#commit.run();
      return value;
    } catch (error) {
      if (this.#db.isTransaction) this.#rollback.run(); // a full disk has rolled it back already
      throw error;
    }
  }
}
