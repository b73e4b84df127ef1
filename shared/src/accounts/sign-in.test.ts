import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDatabasePool, schemaOf } from "../database/connect.ts";
import type { GuardedPool } from "../database/guarded-pool.ts";
import { usernameSkeleton } from "../username.ts";
import { createPasswordVerifier } from "./passwords.ts";
import { createRateLimiter } from "./rate-limit.ts";
import { createSignInLimits, NAME_LIMIT, PAIR_LIMIT, type SignInRealm, signIn } from "./sign-in.ts";
import { createUser } from "./users.ts";

const PASSWORD = "correct horse battery";
let database: TestDatabase;
let pool: GuardedPool;
let passwordHash: string;
const store = () => ({ pool, schema: schemaOf(database.url) });

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createDatabasePool({ url: database.url, connectionLimit: 4 });
  passwordHash = await createPasswordVerifier().hash(PASSWORD);
});
afterAll(async () => {
  await new Promise<void>((resolve) => pool?.end(() => resolve()));
  await database?.[Symbol.asyncDispose]();
});

async function account(username: string, realm: SignInRealm = "pages") {
  await createUser(database.db, { username, passwordHash });
  const passwords = createPasswordVerifier();
  const deps = { db: database.db, passwords, limits: createSignInLimits(store(), realm) };
  const attempt = (password: string, address = "10.0.0.1", of = deps) =>
    signIn(of, { username, password, address }).then(({ kind }) => kind);
  return { deps, attempt };
}

it("lets no more than 10 of 150 guesses at once through", async () => {
  const { attempt } = await account("guessed");
  const kinds = await Promise.all(Array.from({ length: 150 }, (_, n) => attempt(`guess ${n}`)));
  expect(kinds.filter((kind) => kind === "wrong")).toHaveLength(PAIR_LIMIT.points);
  expect(kinds.filter((kind) => kind === "limited")).toHaveLength(150 - PAIR_LIMIT.points);
}, 120_000);

it("counts 40 requests with one right password at once as one, and forgets the guesses before it", async () => {
  const { attempt } = await account("busy");
  for (let n = 0; n < PAIR_LIMIT.points - 1; n += 1) await attempt(`guess ${n}`);
  const kinds = await Promise.all(Array.from({ length: 40 }, () => attempt(PASSWORD)));
  expect(new Set(kinds)).toEqual(new Set(["ok"]));
  expect(await attempt("another guess")).toBe("wrong");
}, 60_000);

it("locks out neither another address nor another realm", async () => {
  const api = await account("admin", "api");
  for (let n = 0; n <= PAIR_LIMIT.points; n += 1) await api.attempt(`guess ${n}`);
  expect(await api.attempt("one more")).toBe("limited");
  expect(await api.attempt(PASSWORD, "10.0.0.2")).toBe("ok");
  const manager = { ...api.deps, passwords: createPasswordVerifier(), limits: createSignInLimits(store(), "manager") };
  expect(await api.attempt(PASSWORD, "10.0.0.1", manager)).toBe("ok");
}, 60_000);

it("slows but never refuses a right password from an address that signed in before, whatever others guess", async () => {
  const { deps, attempt } = await account("famous");
  expect(await attempt(PASSWORD, "10.1.0.1")).toBe("ok");
  for (let n = 0; n < NAME_LIMIT.points; n += 1) await deps.limits.name.consume(usernameSkeleton("famous"));
  const elsewhere = { ...deps, passwords: createPasswordVerifier() };
  expect(await attempt(PASSWORD, "10.1.0.2", elsewhere)).toBe("limited");
  expect(await attempt(PASSWORD, "10.1.0.1", elsewhere)).toBe("ok");
}, 60_000);

it("makes the wait of each further round twice as long, up to its limit", async () => {
  const limit = { name: "growing", points: 2, perSeconds: 100, longestSeconds: 350 };
  const limiter = createRateLimiter(store(), limit);
  const waits: (number | undefined)[] = [];
  for (let round = 0; round < 4; round += 1) {
    for (let n = 0; n < limit.points; n += 1) expect(await limiter.consume("x")).toBeUndefined();
    waits.push(await limiter.consume("x"));
    await limiter.reset("x");
  }
  expect(waits).toEqual([100, 200, 350, 350]);
});
