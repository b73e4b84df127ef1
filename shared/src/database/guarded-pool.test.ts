import { createTestDatabase } from "@elastic-gas/testing/database";
import { createStallableProxy } from "@elastic-gas/testing/stallable-proxy";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { connectDatabase } from "./connect.ts";

async function behindProxy(connectionLimit: number) {
  const database = await createTestDatabase();
  const url = new URL(database.url);
  const proxy = await createStallableProxy(Number(url.port));
  url.port = String(proxy.port);
  const db = connectDatabase({ url: url.href, connectionLimit });
  return {
    db,
    proxy,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await proxy[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

test("a frozen server fails the queries on it and those that wait, and serves again when it answers", async () => {
  await using setup = await behindProxy(2);
  const { db, proxy } = setup;
  const query = () => sql`select 1`.execute(db);
  await Promise.all([query(), query()]);
  proxy.stall();
  // Two have a connection, four wait for one.
  const outcomes = await Promise.allSettled([query(), query(), query(), query(), query(), query()]);
  expect(outcomes.map(({ status }) => status)).toEqual(Array(6).fill("rejected"));
  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: "DATABASE_UNAVAILABLE" } });
  // Nobody waits again for what is known to be silent.
  await expect(query()).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE" });
  proxy.resume();
  await waitUntil("the database answers again", () => query());
});

test("a slow query is left alone while the server answers", async () => {
  await using setup = await behindProxy(1);
  const { rows } = await sql<{ slept: number }>`select sleep(2.5) as slept`.execute(setup.db);
  expect(rows).toEqual([{ slept: 0 }]);
});

test("whoever gets no connection is told so, and the connections still serve others", async () => {
  await using setup = await behindProxy(1);
  const slow = sql`select sleep(6)`.execute(setup.db);
  await expect(sql`select 1`.execute(setup.db)).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE" });
  await slow;
  await sql`select 1`.execute(setup.db);
});
