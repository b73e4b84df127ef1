import type { Database } from "@elastic-gas/shared/database/connect";
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

/**
 * The right to act, a row in MySQL with an epoch that grows with every new holder. Two locks hold it: writes to MySQL check the epoch in their own
 * transaction; calls to AWS are made only while more of the lease is left, by this process's own clock, than the call may take.
 */
export class Lease {
  readonly #db: Database;
  readonly #holder: string;
  readonly #leaseMs: number;
  #epoch: number | null = null;
  /** Of `performance.now()`, counted from before the query that renewed it. */
  #endsAt = Number.NEGATIVE_INFINITY;

  constructor(db: Database, options: { readonly holder: string; readonly leaseSeconds: number }) {
    this.#db = db;
    this.#holder = options.holder;
    this.#leaseMs = options.leaseSeconds * 1_000;
  }

  /** The epoch under which this process acts, null when it does not. */
  get epoch(): number | null {
    return this.leftMs > 0 ? this.#epoch : null;
  }

  get leftMs(): number {
    return this.#epoch === null ? 0 : Math.max(0, this.#endsAt - performance.now());
  }

  /** Takes the lease when it is free, renews it when it is ours. True: this process acts. */
  async tend(): Promise<boolean> {
    const askedAt = performance.now();
    await this.#db.insertInto("leases").ignore().values({ name: NAME, epoch: 0 }).execute();
    const epoch = await this.#db.transaction().execute(async (trx) => {
      const row = await trx
        .selectFrom("leases")
        .select(["holder", "epoch", sql<number>`until is not null and until > utc_timestamp(3)`.as("held")])
        .where("name", "=", NAME)
        .forUpdate()
        .executeTakeFirstOrThrow();
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

  /** Throws unless a call that takes at most this long would end within the lease. */
  check(callMs: number): void {
    if (this.leftMs <= callMs)
      throw new LeaseLostError(`${Math.round(this.leftMs)} ms of the lease are left, ${callMs} are needed`);
  }

  /** A transaction that commits only under our epoch. */
  async write<Result>(work: (trx: Transaction<Tables>, epoch: number) => Promise<Result>): Promise<Result> {
    const epoch = this.epoch;
    if (epoch === null) throw new LeaseLostError("no lease");
    return this.#db.transaction().execute(async (trx) => {
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
}
