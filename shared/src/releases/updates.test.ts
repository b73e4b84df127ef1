import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { CURRENT_RELEASE } from "@elastic-gas/testing/releases";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { releaseIdOf } from "./manifest.ts";
import { findReleases, getManifest, insertRelease, listReleases } from "./releases.ts";
import {
  adoptRelease,
  beginUpdate,
  changeUpdate,
  findActiveUpdate,
  findCurrentRelease,
  isThrough,
  listUpdates,
} from "./updates.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await database.db.deleteFrom("releaseUpdates").execute();
  await database.db.deleteFrom("releases").execute();
});

const NOW = new Date("2026-09-08T14:00:00Z");
const manifest = (digit: string) => ({ ...CURRENT_RELEASE, sha256: digit.repeat(64) });
const FIRST = releaseIdOf(manifest("0"));
const SECOND = releaseIdOf(manifest("1"));
const THIRD = releaseIdOf(manifest("2"));
const begin = (to: string) =>
  database.db.transaction().execute((trx) => beginUpdate(trx, { to, canarySeconds: 60, actor: "anna", now: NOW }));
const change = (verb: Parameters<typeof changeUpdate>[1]) =>
  database.db.transaction().execute((trx) => changeUpdate(trx, verb, { actor: "ben" }));
const adopt = (to: string) =>
  database.db.transaction().execute((trx) => adoptRelease(trx, { to, actor: "start.sh", now: NOW }));

it("a release is known by all that it is made of, and writing it again changes nothing", async () => {
  const id = await insertRelease(database.db, CURRENT_RELEASE, { actor: "anna", now: NOW });
  expect(await insertRelease(database.db, CURRENT_RELEASE, { actor: "ben", now: NOW })).toBe(id);
  expect(await listReleases(database.db, 10)).toEqual([{ id, publishedBy: "anna", publishedAt: NOW.getTime() }]);
  expect(await getManifest(database.db, id)).toEqual(CURRENT_RELEASE);
  expect(await findReleases(database.db, id.slice(0, 4))).toEqual([id]);
  expect(await findReleases(database.db, "%")).toEqual([]);
  const others = [
    { ...CURRENT_RELEASE, lockfileHash: "abd" },
    { ...CURRENT_RELEASE, settings: { ...CURRENT_RELEASE.settings, utility: "settings/utility-2.env" } },
  ];
  expect(new Set([id, ...others.map(releaseIdOf)]).size).toBe(3);
});

it("the first release is in use at once; without it there is nothing to update", async () => {
  expect(await begin(SECOND)).toEqual({ kind: "refused", reason: "no release is in use yet" });
  await adopt(FIRST);
  await adopt(FIRST);
  expect(await findCurrentRelease(database.db)).toBe(FIRST);
  expect(await listUpdates(database.db, 10)).toHaveLength(1);
  expect(await begin(FIRST)).toMatchObject({ kind: "done", sentence: expect.stringMatching(/in use already\.$/) });
  expect(await findActiveUpdate(database.db)).toBeNull();
});

it("one update is under way at a time, however many begin at once", async () => {
  await adopt(FIRST);
  await Promise.allSettled([begin(SECOND), begin(THIRD), begin(SECOND)]);
  const active = await findActiveUpdate(database.db);
  expect(active).toMatchObject({ from: FIRST, state: "running", startedBy: "anna", canarySeconds: 60 });
  expect(await listUpdates(database.db, 10)).toHaveLength(2);
  expect(await begin(active?.to ?? "")).toMatchObject({ kind: "done" });
  const other = active?.to === SECOND ? THIRD : SECOND;
  expect(await begin(other)).toMatchObject({ kind: "refused", reason: expect.stringMatching(/ is running; wait/) });
});

it("pauses, resumes and goes back; each again is no error, and the way back has no return", async () => {
  await adopt(FIRST);
  expect(await change("pause")).toEqual({ kind: "refused", reason: "no update is under way" });
  await begin(SECOND);
  const steps = ["pause", "pause", "resume", "resume", "pause", "roll-back", "roll-back"] as const;
  const states: string[] = [];
  for (const verb of steps) {
    expect(await change(verb)).toMatchObject({ kind: "done" });
    states.push((await findActiveUpdate(database.db))?.state ?? "");
  }
  expect(states).toEqual(["paused", "paused", "running", "running", "paused", "rolling back", "rolling back"]);
  expect((await findActiveUpdate(database.db))?.reason).toEqual({ kind: "asked", by: "ben" });
  expect(await change("resume")).toMatchObject({ kind: "refused" });
  expect(await begin(SECOND)).toMatchObject({ kind: "refused" });
  expect(await findCurrentRelease(database.db)).toBe(FIRST);
});

it("a start without workers ends what was under way", async () => {
  await adopt(FIRST);
  await begin(SECOND);
  await adopt(THIRD);
  const states = (await listUpdates(database.db, 10)).map(({ to, state }) => [to, state]);
  expect(states).toEqual([
    [THIRD, "completed"],
    [SECOND, "rolled back"],
    [FIRST, "completed"],
  ]);
  await begin(FIRST);
  await adopt(FIRST);
  expect(await findCurrentRelease(database.db)).toBe(FIRST);
  expect(await findActiveUpdate(database.db)).toBeNull();
});

it("a pool is through when its workers run what the update goes to now", () => {
  const done = (doneRelease: string | null) => ({ canaryPassedAt: null, step: null, doneRelease });
  const pools = new Map([
    ["web", done("new")],
    ["annotator", done("new")],
    ["utility", done(null)],
  ] as const);
  const update = { from: "old", to: "new", state: "running", pools } as const;
  expect(isThrough(update)).toBe(false);
  expect(isThrough(update, ["web", "annotator"])).toBe(true);
  // Done with the new release is not done with the old one.
  expect(isThrough({ ...update, state: "rolling back" }, ["web"])).toBe(false);
});
