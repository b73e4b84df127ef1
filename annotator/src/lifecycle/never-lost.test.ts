import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { CreateVaultCommand, GlacierClient } from "@aws-sdk/client-glacier";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { ArchiveStoreName } from "@elastic-gas/shared/database/tables";
import { MESSAGE_SCHEMAS, type ThawCheck } from "@elastic-gas/shared/messages";
import { createOutboxSender } from "@elastic-gas/shared/reliability/outbox";
import { createSetting, type Setting } from "@elastic-gas/testing/annotator/test-environment";
import { IS_PROOF, keepResults, type ResultRow } from "@elastic-gas/testing/autoscaler/proof";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { createKill, createSteps, type Steps } from "@elastic-gas/testing/steps";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { archiveResult } from "./archive/archive-result.ts";
import { sweepDeletes } from "./pending-deletes.ts";
import { restoreUser, storeOf } from "./restore/restore-user.ts";
import { createGlacierVault } from "./store/glacier-vault.ts";
import { createS3Glacier } from "./store/s3-glacier.ts";
import { thawResult } from "./thaw/thaw-result.ts";

/*
 * One invariant: at any moment a result lies, whole, in at least one place that its row names. The moves are cut, or
 * crossed by an upgrade, at every single step.
 */

const CONFIG = { FREE_RETENTION_SECONDS: 300, ARCHIVE_CHECK_SECONDS: 1 };
const RESULT = "##fileformat=VCFv4.2\nannotated\n";
const SHA256 = createHash("sha256").update(RESULT).digest("hex");
const never = new AbortController().signal;
const STORES = ["s3-glacier", "glacier-vault"] as const satisfies readonly ArchiveStoreName[];
const LONG_TEST = { timeout: 120_000 };
const LONG = 240_000; // some thirty crashes one after the other

let database: TestDatabase;
let cloud: TestCloud;
let setting: Setting;
/** Holds up a deletion on its way to S3; tests set it. */
let holdDelete: ((key: unknown) => Promise<void> | undefined) | undefined;
let deletes = 0;

beforeAll(async () => {
  [database, cloud] = await Promise.all([
    createTestDatabase(),
    startTestCloud({
      retrievalSeconds: { Expedited: 0.1, Standard: 0.1 },
      async middleware({ operation, input }, next) {
        if (operation === "DeleteObject") await holdDelete?.(JSON.stringify(input));
        const answer = await next();
        if (operation === "DeleteObject") deletes += 1;
        return answer;
      },
    }),
  ]);
  setting = await createSetting(database.db, cloud.clientConfig);
  const glacier = new GlacierClient(cloud.clientConfig);
  await glacier.send(new CreateVaultCommand({ accountId: "-", vaultName: "test-results" }));
});
beforeEach(() => {
  holdDelete = undefined;
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

interface Clients {
  readonly db: Database;
  readonly s3: S3Client;
  readonly glacier: GlacierClient;
}

const newS3 = () => new S3Client({ ...cloud.clientConfig, forcePathStyle: true });
const newGlacier = () => new GlacierClient(cloud.clientConfig);

/** What the processes work with; with clients and a database of their own where steps are counted. */
function deps(current: ArchiveStoreName, { db, s3, glacier }: Clients) {
  const { resources, sqs, log } = setting;
  return {
    ...setting,
    db,
    s3,
    outbox: createOutboxSender({ db, sqs, resources, log, sweepSeconds: 60 }),
    stores: {
      current,
      byName: {
        "s3-glacier": createS3Glacier(s3, resources.buckets.archive, resources.prefix),
        "glacier-vault": createGlacierVault(glacier, "test-results"),
      },
    },
    config: CONFIG,
  };
}
const living = (current: ArchiveStoreName) => deps(current, { db: database.db, s3: setting.s3, glacier: newGlacier() });
const stepping = (current: ArchiveStoreName, steps: Steps) =>
  deps(current, {
    db: steps.database(database.db),
    s3: steps.client(newS3()),
    glacier: steps.client(newGlacier()),
  });

interface Done {
  readonly userId: number;
  readonly jobId: string;
  readonly resultKey: string;
}

async function completed(): Promise<Done> {
  const userId = await setting.addUser();
  const jobId = await setting.addJob(userId, "input");
  const resultKey = `test/${userId}/${jobId}~in.annot.vcf`;
  const { results } = setting.resources.buckets;
  await setting.s3.send(new PutObjectCommand({ Bucket: results, Key: resultKey, Body: RESULT }));
  await database.db
    .updateTable("jobs")
    .set({
      status: "COMPLETED",
      completedAt: new Date(Date.now() - 1_000_000),
      resultKey,
      resultSize: RESULT.length,
      resultSha256: SHA256,
    })
    .where("id", "=", jobId)
    .execute();
  return { userId, jobId, resultKey };
}

const archiveMessage = ({ userId, jobId }: Done) =>
  ({ version: 1, jobId, userId, dueAt: new Date().toISOString() }) as const;
const restoreMessage = ({ userId }: Done) => ({ version: 1, userId }) as const;

/** As user-app does it when the subscription begins. */
const upgrade = ({ userId }: Done) =>
  database.db.transaction().execute(async (trx) => {
    await trx.selectFrom("users").select("id").where("id", "=", userId).forUpdate().execute();
    await trx.updateTable("users").set({ role: "premium_user" }).where("id", "=", userId).execute();
    await trx
      .updateTable("jobs")
      .set((row) => ({ archiveState: "kept", archiveGeneration: row("archiveGeneration", "+", 1) }))
      .where("userId", "=", userId)
      .where("archiveState", "=", "archiving")
      .execute();
  });

async function archived(current: ArchiveStoreName): Promise<Done> {
  const done = await completed();
  await archiveResult(living(current), archiveMessage(done), never);
  await upgrade(done);
  return done;
}

/** Being restored, with the retrieval ready, and the check that comes next. */
async function retrieved(current: ArchiveStoreName): Promise<Done & { readonly check: ThawCheck }> {
  const done = await archived(current);
  await restoreUser(living(current), restoreMessage(done), never);
  return { ...done, check: await readyCheck(current, done) };
}

async function readyCheck(current: ArchiveStoreName, { jobId }: Done): Promise<ThawCheck> {
  const { retrievalId, resultsFileArchiveId, archiveGeneration, archiveStore } = await setting.job(jobId);
  const store = storeOf(living(current).stores, { archiveStore });
  await waitUntil(
    "the retrieval is ready",
    async () => (await store.retrievalState(resultsFileArchiveId ?? "", retrievalId ?? "")) === "ready",
  );
  return MESSAGE_SCHEMAS.thaw.parse({ version: 1, jobId, retrievalId, generation: archiveGeneration });
}

async function read(key: string): Promise<string | undefined> {
  const { results } = setting.resources.buckets;
  try {
    const { Body } = await setting.s3.send(new GetObjectCommand({ Bucket: results, Key: key }));
    return await Body?.transformToString();
  } catch {
    return undefined; // not there
  }
}

/** Throws unless the result lies, whole, in a place that its row names. */
async function expectNotLost(current: ArchiveStoreName, { jobId }: Done, moment: string): Promise<void> {
  const { resultKey, resultsFileArchiveId, archiveStore } = await setting.job(jobId);
  if (resultKey !== null && (await read(resultKey)) === RESULT) return;
  expect(resultsFileArchiveId, moment).not.toBeNull();
  const store = storeOf(living(current).stores, { archiveStore });
  const archiveId = resultsFileArchiveId ?? "";
  const { retrievalId } = await store.retrieve(archiveId, jobId);
  await waitUntil(
    `the archive can be read (${moment})`,
    async () => (await store.retrievalState(archiveId, retrievalId)) === "ready",
  );
  expect(await text(await store.open(archiveId, retrievalId, never)), moment).toBe(RESULT);
}

/** What the sweep deletes after a minute, now. */
async function sweep(current: ArchiveStoreName): Promise<void> {
  await database.db
    .updateTable("pendingDeletes")
    .set({ createdAt: new Date(Date.now() - 61_000) })
    .execute();
  await sweepDeletes(living(current), never);
}

async function resultObjects({ userId }: Done): Promise<readonly (string | undefined)[]> {
  const Bucket = setting.resources.buckets.results;
  const { Contents = [] } = await setting.s3.send(new ListObjectsV2Command({ Bucket, Prefix: `test/${userId}/` }));
  return Contents.map(({ Key }) => Key);
}

/** Kills the work at its first step, then, from a fresh start, at its second, and so on, until it gets through. */
async function killAtEachStep<Start extends Done>(
  current: ArchiveStoreName,
  start: () => Promise<Start>,
  work: (deps: ReturnType<typeof living>, start: Start) => Promise<unknown>,
): Promise<{ readonly kills: number }> {
  for (let at = 1; ; at += 1) {
    const begun = await start();
    const kill = createKill(at);
    await work(stepping(current, kill), begun).catch(() => undefined);
    await expectNotLost(current, begun, `killed at step ${at}`);
    // The message comes again, to a process that lives.
    await work(living(current), begun);
    await sweep(current);
    await expectNotLost(current, begun, `killed at step ${at}, done again`);
    const { archiveState, resultKey } = await setting.job(begun.jobId);
    expect([archiveState, await resultObjects(begun)], `killed at step ${at}, done again`).toEqual([
      archiveState,
      resultKey === null ? [] : [resultKey],
    ]);
    if (!kill.isDead()) return { kills: at - 1 };
  }
}

/** Brings back what was archived; throws unless the result is then downloadable, byte for byte, and there once. */
async function expectDownloadable(current: ArchiveStoreName, done: Done, moment: string): Promise<void> {
  await expectNotLost(current, done, moment);
  await restoreUser(living(current), restoreMessage(done), never);
  if ((await setting.job(done.jobId)).archiveState === "restoring")
    await thawResult(living(current), await readyCheck(current, done), never);
  await sweep(current);
  const { archiveState, resultKey } = await setting.job(done.jobId);
  expect([archiveState, await read(resultKey ?? "")], moment).toEqual(["kept", RESULT]);
  expect(await resultObjects(done), moment).toEqual([resultKey]);
}

const REPEATS = 100;
const UPLOADS: ReadonlySet<string> = new Set(["PutObjectCommand", "UploadArchiveCommand"]);

/** Archives, and has the user upgrade at a moment; whether the result was archived then. */
type ArchiveAndUpgrade = (current: ArchiveStoreName, done: Done) => Promise<boolean>;

const MOMENTS: Readonly<Record<string, ArchiveAndUpgrade>> = {
  "before the archive's message": async (current, done) => {
    await upgrade(done);
    return archiveWith(living(current), done);
  },
  "during the upload to the archive": (current, done) =>
    archiveWith(
      around(current, async (command, call) => {
        if (!UPLOADS.has(command)) return call();
        const [answer] = await Promise.all([call(), upgrade(done)]);
        return answer;
      }),
      done,
    ),
  "after the upload, before the row is written": (current, done) =>
    archiveWith(
      around(current, async (command, call) => {
        const answer = await call();
        if (UPLOADS.has(command)) await upgrade(done);
        return answer;
      }),
      done,
    ),
  "after the row, before the object is deleted": (current, done) =>
    archiveWith(
      around(current, async (command, call) => {
        if (command === "DeleteObjectCommand") await upgrade(done);
        return call();
      }),
      done,
    ),
  "after the object was deleted": async (current, done) => {
    const isArchived = await archiveWith(living(current), done);
    await upgrade(done);
    return isArchived;
  },
};

async function archiveWith(own: ReturnType<typeof living>, done: Done): Promise<boolean> {
  await archiveResult(own, archiveMessage(done), never);
  return (await setting.job(done.jobId)).archiveState === "archived";
}

/** The archiver's parts, with something done around its calls. */
function around(current: ArchiveStoreName, atCall: (command: string, call: () => Promise<object>) => Promise<object>) {
  const [s3, glacier] = [newS3(), newGlacier()];
  for (const { middlewareStack } of [s3, glacier as unknown as S3Client])
    middlewareStack.add(
      (next, { commandName = "" }) =>
        async (args) =>
          // What a call answers goes through unchanged.
          (await atCall(commandName, () => next(args))) as Awaited<ReturnType<typeof next>>,
      { step: "initialize" },
    );
  return deps(current, { db: database.db, s3, glacier });
}

describe.each(STORES)("kill -9 between any two steps, with %s", (current) => {
  it(
    "of archiving",
    async () => {
      const { kills } = await killAtEachStep(current, completed, async (own, done) => {
        await archiveResult(own, archiveMessage(done), never);
        expect((await setting.job(done.jobId)).archiveState).not.toBe("kept");
      });
      expect(kills).toBeGreaterThan(15);
    },
    LONG,
  );

  it(
    "of asking for the archive",
    async () => {
      const { kills } = await killAtEachStep(
        current,
        () => archived(current),
        async (own, done) => restoreUser(own, restoreMessage(done), never),
      );
      expect(kills).toBeGreaterThan(10);
    },
    LONG,
  );

  it(
    "of putting the result back",
    async () => {
      const { kills } = await killAtEachStep(
        current,
        () => retrieved(current),
        async (own, { check }) => thawResult(own, check, never),
      );
      expect(kills).toBeGreaterThan(15);
    },
    LONG,
  );
});

describe.each(IS_PROOF ? STORES : (["s3-glacier"] as const))("an upgrade, with %s", (current) => {
  it(
    "at any step of archiving ends with the result where its owner can download it",
    async () => {
      for (let at = 1; ; at += 1) {
        const done = await completed();
        let upgrading: Promise<void> | undefined;
        const steps = createSteps(at, () => {
          // Not awaited here: it waits for the lock that the archiver may hold.
          upgrading = upgrade(done);
        });
        await archiveResult(stepping(current, steps), archiveMessage(done), never);
        const isThrough = upgrading === undefined;
        await (upgrading ?? upgrade(done));
        await expectDownloadable(current, done, `upgraded at step ${at}`);
        if (isThrough) break;
      }
    },
    LONG,
  );

  const rows: ResultRow[] = [];
  it.runIf(IS_PROOF).each(Object.entries(MOMENTS))(
    `%s, ${REPEATS} times`,
    async (moment, archiveAndUpgrade) => {
      const ends = new Set<string>();
      for (let repeat = 1; repeat <= REPEATS; repeat += 1) {
        const done = await completed();
        const isArchived = await archiveAndUpgrade(current, done);
        await expectDownloadable(current, done, `${moment}, repeat ${repeat}`);
        ends.add(isArchived ? "archived and restored" : "kept");
      }
      rows.push({
        archive: current,
        moment,
        upgrades: REPEATS,
        "the same file after it": REPEATS,
        result: [...ends].join(", "),
      });
    },
    10 * LONG,
  );
  afterAll(() =>
    keepResults(`upgrades-while-archiving-${current}`, `Upgrades at each step of archiving, with ${current}`, rows),
  );
});

it("a deletion that hangs until the result is restored does not hit the restored result", LONG_TEST, async () => {
  const gate = Promise.withResolvers<void>();
  const done = await completed();
  holdDelete = (input) => (String(input).includes(`"${done.resultKey}"`) ? gate.promise : undefined);
  const archiving = archiveResult(living("s3-glacier"), archiveMessage(done), never);
  await waitUntil("the result is archived", async () => (await setting.job(done.jobId)).archiveState === "archived");
  await upgrade(done);
  await restoreUser(living("s3-glacier"), restoreMessage(done), never);
  await thawResult(living("s3-glacier"), await readyCheck("s3-glacier", done), never);
  expect((await setting.job(done.jobId)).archiveState).toBe("kept");

  const before = deletes;
  gate.resolve();
  await waitUntil("the late deletion is done", () => deletes > before);
  await archiving;
  const { resultKey } = await setting.job(done.jobId);
  expect(await read(resultKey ?? "")).toBe(RESULT);
  expect(await resultObjects(done)).toEqual([resultKey]);
});

it("the archive stays until the restored result was read back", async () => {
  const { check, ...done } = await retrieved("s3-glacier");
  const s3 = newS3();
  // The restored object is not what was written: as if another one had been put over it.
  s3.middlewareStack.add(
    (next) => async (args) => {
      const { Key } = args.input as { Key?: string };
      if (Key?.startsWith(`test/${done.userId}/${done.jobId}.`) === true) Object.assign(args.input, { Body: "other" });
      return next(args);
    },
    { step: "initialize" },
  );
  const own = deps("s3-glacier", { db: database.db, s3: setting.s3, glacier: newGlacier() });
  await expect(thawResult({ ...own, s3 }, check, never)).rejects.toThrow("its row says");
  expect(await setting.job(done.jobId)).toMatchObject({ archiveState: "restoring", resultKey: null });
  await expectNotLost("s3-glacier", done, "after the refusal");
});

it.each([
  ["glacier-vault", "s3-glacier"],
  ["s3-glacier", "glacier-vault"],
] as const)("what %s holds comes back after ARCHIVE_DRIVER was changed to %s", async (before, after) => {
  const done = await archived(before);
  await restoreUser(living(after), restoreMessage(done), never);
  await thawResult(living(after), await readyCheck(after, done), never);
  const { archiveState, resultKey } = await setting.job(done.jobId);
  expect([archiveState, await read(resultKey ?? "")]).toEqual(["kept", RESULT]);
  // Archived again, it goes to the store of today.
  await database.db.updateTable("users").set({ role: "free_user" }).where("id", "=", done.userId).execute();
  await archiveResult(living(after), archiveMessage(done), never);
  expect(await setting.job(done.jobId)).toMatchObject({ archiveState: "archived", archiveStore: after });
});
