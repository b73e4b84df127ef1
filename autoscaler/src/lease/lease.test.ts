import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Lease, LeaseLostError } from "./lease.ts";

describe("the lease", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database[Symbol.asyncDispose]());
  beforeEach(() => database.db.deleteFrom("leases").execute());

  const lease = (holder: string, leaseSeconds = 30): Lease => new Lease(database.db, { holder, leaseSeconds });

  it("is held by one and renewed under the same epoch", async () => {
    const [first, second] = [lease("a"), lease("b")];
    expect(await first.renew()).toBe(true);
    expect(await second.renew()).toBe(false);
    expect(second.epoch).toBeNull();
    const epoch = first.epoch;
    expect(await first.renew()).toBe(true);
    expect(first.epoch).toBe(epoch);
  });

  it("tells the database's time, whatever this machine's clock says", async () => {
    const first = lease("a");
    expect(() => first.now()).toThrow(LeaseLostError);
    await first.renew();
    vi.useFakeTimers({ toFake: ["Date"], now: 0 });
    onTestFinished(() => void vi.useRealTimers());
    const { rows } = await sql<{ now: Date }>`select utc_timestamp(3) as now`.execute(database.db);
    expect(Math.abs(first.now() - (rows[0]?.now.getTime() ?? 0))).toBeLessThan(60_000);
  });

  it("is given to exactly one of many that ask at once", async () => {
    const asked = await Promise.all(Array.from({ length: 6 }, (_, index) => lease(`h${index}`).renew()));
    expect(asked.filter(Boolean)).toHaveLength(1);
  });

  it("passes to another one after its end, with a new epoch, and the first one can write no more", async () => {
    const [first, second] = [lease("a", 0.3), lease("b")];
    await first.renew();
    const stale = first.epoch ?? 0;
    await waitUntil("the lease's end", () => first.epoch === null);
    // MySQL's clock began a moment later.
    await waitUntil("the second one to take it", () => second.renew());
    expect(second.epoch).toBeGreaterThan(stale);
    await expect(first.write(async () => undefined)).rejects.toBeInstanceOf(LeaseLostError);
    expect(await first.renew()).toBe(false);
  });

  it("refuses a write whose epoch is over even while this process believes in its lease", async () => {
    const first = lease("a");
    await first.renew();
    await database.db.updateTable("leases").set({ epoch: 99, holder: "b" }).execute();
    const write = first.write(async (trx) =>
      trx.insertInto("settings").values({ name: "trace", value: "1" }).execute(),
    );
    await expect(write).rejects.toThrow("epoch");
    expect(
      await database.db.selectFrom("settings").where("name", "=", "trace").select("value").executeTakeFirst(),
    ).toBeUndefined();
  });

  it("allows a call only while more is left than the call may take", async () => {
    const first = lease("a", 2);
    expect(() => first.permit(0)).toThrow(LeaseLostError);
    await first.renew();
    expect(() => first.permit(1_000)).not.toThrow();
    expect(() => first.permit(2_000)).toThrow(LeaseLostError);
  });

  it("passes to another one although the first stands still in the middle of a write", async () => {
    const [first, second] = [lease("a", 2), lease("b")];
    await first.renew();
    const standing = Promise.withResolvers<never>();
    const begun = Promise.withResolvers<void>();
    const write = first.write(() => {
      begun.resolve();
      return standing.promise;
    });
    void write.catch(() => undefined);
    await begun.promise;
    expect(await waitUntil("the takeover", () => second.renew(), { deadlineMs: 120_000 })).toBe(true);
  }, 300_000);

  it("is free at once when it is given back", async () => {
    const [first, second] = [lease("a"), lease("b")];
    await first.renew();
    await first.release();
    expect(await second.renew()).toBe(true);
  });
});
