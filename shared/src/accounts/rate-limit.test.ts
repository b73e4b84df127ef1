import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDatabasePool, schemaOf } from "../database/connect.ts";
import type { GuardedPool } from "../database/guarded-pool.ts";
import { createRateLimiter } from "./rate-limit.ts";

let database: TestDatabase;
let pool: GuardedPool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createDatabasePool({ url: database.url, connectionLimit: 2 });
});
afterAll(async () => {
  await new Promise<void>((resolve) => pool?.end(() => resolve()));
  await database?.[Symbol.asyncDispose]();
});

const limiterOf = (name: string, longestSeconds?: number) =>
  createRateLimiter(
    { pool, schema: schemaOf(database.url) },
    { name, points: 2, perSeconds: 60, ...(longestSeconds === undefined ? {} : { longestSeconds }) },
  );

/** What a machine whose clock is ahead leaves behind: all points taken, until `seconds` from now. */
async function exhaust(name: string, seconds: number): Promise<void> {
  await database.db
    .insertInto("rateLimits")
    .values({ key: `${name}:somebody`, points: 3, expire: Date.now() + seconds * 1_000 })
    .execute();
}

it("a clock that was an hour ahead locks nobody out for that hour", async () => {
  const limiter = limiterOf("ahead");
  await exhaust("ahead", 3_600);
  expect(await limiter.check("somebody")).toBeUndefined();
  expect(await limiter.consume("somebody")).toBeUndefined();
  expect(await limiter.consume("somebody")).toBeUndefined();
  expect(await limiter.consume("somebody")).toBeGreaterThan(0);
});

it("the limit's own time, and a wait that was doubled up to the longest, hold", async () => {
  await exhaust("own", 60);
  expect(await limiterOf("own").consume("somebody")).toBeGreaterThan(30);
  await exhaust("doubled", 3_600);
  expect(await limiterOf("doubled", 3_600).check("somebody")).toBeGreaterThan(3_000);
});

it("a point is one question to the database, and its number comes with the answer", async () => {
  let questions = 0;
  const watched = new Set<unknown>();
  const counted: GuardedPool = {
    ...pool,
    getConnection: (callback) =>
      pool.getConnection((error, connection) => {
        const query: typeof connection.query = connection.query.bind(connection);
        const ask = (...asked: Parameters<typeof query>) => {
          questions += 1;
          return query(...asked);
        };
        if (!watched.has(connection)) Object.assign(connection, { query: ask });
        watched.add(connection);
        callback(error, connection);
      }),
  };
  const store = { pool: counted, schema: schemaOf(database.url) };
  const limiter = createRateLimiter(store, { name: "one", points: 2, perSeconds: 60 });
  expect(await limiter.consume("somebody")).toBeUndefined();
  expect(await limiter.consume("somebody")).toBeUndefined();
  expect(questions).toBe(2);
  expect(await limiter.consume("somebody")).toBeGreaterThan(50);
  const { db } = database;
  const row = await db.selectFrom("rateLimits").selectAll().where("key", "=", "one:somebody").executeTakeFirst();
  expect(row?.points).toBe(3);
});

it("no more of many at once get a point than there are", async () => {
  const limiter = limiterOf("at-once");
  const answers = await Promise.all(Array.from({ length: 20 }, () => limiter.consume("somebody")));
  expect(answers.filter((wait) => wait === undefined)).toHaveLength(2);
});

it("a limit whose time is over begins again", async () => {
  await database.db
    .insertInto("rateLimits")
    .values({ key: "over:somebody", points: 3, expire: Date.now() - 1 })
    .execute();
  const limiter = limiterOf("over");
  expect(await limiter.consume("somebody")).toBeUndefined();
  expect(await limiter.consume("somebody")).toBeUndefined();
  expect(await limiter.consume("somebody")).toBeGreaterThan(50);
});
