import type { Database } from "@elastic-gas/shared/database/connect";
import { insertUnlessThere } from "@elastic-gas/shared/database/insert-unless-there";
import type { Tables } from "@elastic-gas/shared/database/tables";
import { sql, type Transaction } from "kysely";

const NAME = "autoscaler";

/** Another autoscaler acts now, or MySQL did not renew in time: nothing may be written on. */
export class LeaseLostError extends Error {
  constructor(why: string) {
    super(`Not the acting autoscaler: ${why}.`);
    this.name = "LeaseLostError";
  }
}

/** Leave to make one call to AWS that changes something. */
export interface Permit {
  /** Aborts when the time for the call is over: before the lease is. */
  readonly signal: AbortSignal;
  /**
   * To be asked when the request is about to leave, at each of its attempts. Throws when the time or the lease is over.
   */
  check(): void;
  /** Whether an attempt was allowed to leave: AWS may have carried it out. */
  readonly hasLeft: boolean;
}

/**
 * The right to act, a row in MySQL with an epoch that grows with every new holder. Two locks hold it: writes to MySQL
 * check the epoch in their own transaction; calls to AWS are made only while more of the lease is left, by this
 * process's own clock, than the call may take.
 *
 * AWS knows no epochs, so one window remains: a process that is paused (SIGSTOP, a frozen machine) within the
 * microseconds between a permit's last check and the kernel's taking the request, or whose request is still on its way
 * then, and that goes on after its lease. What such a request does is bounded: a launch carries the intent's token and
 * tag, so that the next holder counts its instance; an end was written down under the epoch before and is only carried
 * out; a registration of a worker that is leaving by then is taken back in the next pass.
 */
export class Lease {
  readonly #db: Database;
  readonly #holder: string;
  readonly #leaseMs: number;
  #epoch: number | null = null;
  /** Of `performance.now()`, counted from before the query that renewed it. */
  #endsAt = Number.NEGATIVE_INFINITY;
  /** What the database's clock is ahead of `performance.now()`; null before the first answer. */
  #databaseAheadMs: number | null = null;

  constructor(db: Database, options: { readonly holder: string; readonly leaseSeconds: number }) {
    this.#db = db;
    this.#holder = options.holder;
    this.#leaseMs = options.leaseSeconds * 1_000;
  }

  /** The epoch under which this process acts, null when it does not. */
  get epoch(): number | null {
    return this.leftMs > 0 ? this.#epoch : null;
  }

  /**
   * Now, by the database's clock: heartbeats, leases and earlier checks are told in its time, and this machine's clock
   * may be wrong or be set. Counted on from the last renewal. Throws before the first.
   */
  now(): number {
    if (this.#databaseAheadMs === null) throw new LeaseLostError("the database was never asked");
    return Math.round(performance.now() + this.#databaseAheadMs);
  }

  get leftMs(): number {
    return this.#epoch === null ? 0 : Math.max(0, this.#endsAt - performance.now());
  }

  /** Takes the lease when it is free, renews it when it is ours. True: this process acts. */
  async renew(): Promise<boolean> {
    const askedAt = performance.now();
    await insertUnlessThere(this.#db.insertInto("leases").values({ name: NAME, epoch: 0 }));
    const epoch = await this.#transact(async (trx) => {
      const row = await trx
        .selectFrom("leases")
        .select(["holder", "epoch", sql<number>`until is not null and until > utc_timestamp(3)`.as("held")])
        .select(sql<Date>`utc_timestamp(3)`.as("now"))
        .where("name", "=", NAME)
        .forUpdate()
        .executeTakeFirstOrThrow();
      this.#databaseAheadMs = row.now.getTime() - performance.now();
      const held = Number(row.held) === 1;
      const ours = row.holder === this.#holder && row.epoch === this.#epoch;
      if (held && !ours) return null;
      // A lease that ran out may have been used by another one in between: a new epoch tells the two terms apart.
      const next = held && ours ? row.epoch : row.epoch + 1;
      await trx
        .updateTable("leases")
        .set({
          holder: this.#holder,
          epoch: next,
          until: sql<Date>`utc_timestamp(3) + interval ${this.#leaseMs * 1_000} microsecond`,
        })
        .where("name", "=", NAME)
        .execute();
      return next;
    });
    this.#epoch = epoch;
    this.#endsAt = epoch === null ? Number.NEGATIVE_INFINITY : askedAt + this.#leaseMs;
    return epoch !== null;
  }

  /** For one call that takes at most this long. Throws unless it would end within the lease. */
  permit(callMs: number): Permit {
    if (this.leftMs <= callMs)
      throw new LeaseLostError(`${Math.round(this.leftMs)} ms of the lease are left, ${callMs} are needed`);
    const epoch = this.#epoch;
    const endsAt = performance.now() + callMs;
    let hasLeft = false;
    return {
      signal: AbortSignal.timeout(callMs),
      check: () => {
        if (this.epoch !== epoch) throw new LeaseLostError(`epoch ${epoch} is over`);
        if (performance.now() >= endsAt) throw new LeaseLostError(`the call did not leave within ${callMs} ms`);
        hasLeft = true;
      },
      get hasLeft() {
        return hasLeft;
      },
    };
  }

  /** A transaction that commits only under our epoch. */
  async write<Result>(work: (trx: Transaction<Tables>, epoch: number) => Promise<Result>): Promise<Result> {
    const epoch = this.epoch;
    if (epoch === null) throw new LeaseLostError("no lease");
    return this.#transact(async (trx) => {
      const row = await trx
        .selectFrom("leases")
        .select("epoch")
        .where("name", "=", NAME)
        .where("epoch", "=", epoch)
        .where("until", ">", sql<Date>`utc_timestamp(3)`)
        .forUpdate()
        .executeTakeFirst();
      if (row === undefined) throw new LeaseLostError(`epoch ${epoch} is over`);
      return work(trx, epoch);
    });
  }

  /** Gives the lease back, so that the next one need not wait for its end. */
  async release(): Promise<void> {
    const epoch = this.#epoch;
    this.#epoch = null;
    if (epoch === null) return;
    await this.#db
      .updateTable("leases")
      .set({ until: null })
      .where("name", "=", NAME)
      .where("epoch", "=", epoch)
      .execute();
  }

  /**
   * A process that stands still in a transaction would keep its locks, and nobody could take over: the server ends its
   * connection after a lease's time.
   */
  #transact<Result>(work: (trx: Transaction<Tables>) => Promise<Result>): Promise<Result> {
    return this.#db.transaction().execute(async (trx) => {
      await sql`set session wait_timeout = ${sql.lit(Math.ceil(this.#leaseMs / 1_000))}`.execute(trx);
      return work(trx);
    });
  }
}
