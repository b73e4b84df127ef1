import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { CreateVaultCommand, GlacierClient } from "@aws-sdk/client-glacier";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { Fault } from "@elastic-gas/local-cloud/wire/handler";
import type { ArchiveStoreName, Role } from "@elastic-gas/shared/database/tables";
import { DONE } from "@elastic-gas/shared/reliability/consumer";
import { createSetting, type Setting } from "@elastic-gas/testing/annotator/test-environment";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ArchiveDeps, archiveResult } from "./archive/archive-result.ts";
import { removeOrphans } from "./archive/remove-orphans.ts";
import { restoreUser } from "./restore/restore-user.ts";
import type { ArchiveStore } from "./store/archive-store.ts";
import type { ArchiveStores } from "./store/archive-stores.ts";
import { createGlacierVault } from "./store/glacier-vault.ts";
import { createS3Glacier } from "./store/s3-glacier.ts";
import { type ThawDeps, thawResult } from "./thaw/thaw-result.ts";

const CONFIG = { FREE_RETENTION_SECONDS: 300, ARCHIVE_CHECK_SECONDS: 60 };
const RESULT = "##fileformat=VCFv4.2\nannotated\n";
const never = new AbortController().signal;
/** Operations that answer an error, by name; tests fill it. */
const faults = new Map<string, (input: Record<string, unknown>) => Error | undefined>();

let database: TestDatabase;
let cloud: TestCloud;
let setting: Setting;

beforeAll(async () => {
  [database, cloud] = await Promise.all([
    createTestDatabase(),
    startTestCloud({
      retrievalSeconds: { Expedited: 0.3, Standard: 0.3 },
      async middleware({ operation, input }, next) {
        const fault = faults.get(operation)?.(input);
        if (fault !== undefined) throw fault;
        return next();
      },
    }),
  ]);
  setting = await createSetting(database.db, cloud.clientConfig);
  await glacier().send(new CreateVaultCommand({ accountId: "-", vaultName: "test-results" }));
});
beforeEach(async () => {
  faults.clear();
  await database.db.deleteFrom("outbox").execute();
});
afterAll(async () => {
  await cloud?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function mailsOf(userId: number) {
  const mails = await database.db.selectFrom("userMails").select("kind").where("userId", "=", userId).execute();
  return mails.map(({ kind }) => kind);
}
const glacier = () => new GlacierClient(cloud.clientConfig);
const createStores = (current: ArchiveStoreName): ArchiveStores => ({
  current,
  byName: {
    "s3-glacier": createS3Glacier(setting.s3, setting.resources.buckets.archive, setting.resources.prefix),
    "glacier-vault": createGlacierVault(glacier(), "test-results"),
  },
});
const STORES = ["s3-glacier", "glacier-vault"] as const;

describe.each(STORES)("with %s", (name) => {
  let store: ArchiveStore;
  let deps: ThawDeps & ArchiveDeps;

  beforeEach(() => {
    const stores = createStores(name);
    store = stores.byName[name];
    deps = { ...setting, stores, config: CONFIG };
  });

  /** The dependencies with the store changed in some of its operations. */
  const withStore = (changes: Partial<ArchiveStore>): typeof deps => ({
    ...deps,
    stores: { ...deps.stores, byName: { ...deps.stores.byName, [name]: { ...store, ...changes } } },
  });

  /** A completed job with its result and log in the bucket. */
  async function completed({
    role = "free_user",
    secondsAgo = 301,
    content = RESULT,
  }: {
    role?: Role;
    secondsAgo?: number;
    content?: string;
  } = {}) {
    const userId = await setting.addUser(role);
    const jobId = await setting.addJob(userId, "input");
    const [resultKey, logKey] = [`test/${userId}/${jobId}~in.annot.vcf`, `test/${userId}/${jobId}~in.vcf.count.log`];
    for (const Key of [resultKey, logKey])
      await setting.s3.send(new PutObjectCommand({ Bucket: setting.resources.buckets.results, Key, Body: content }));
    const completedAt = new Date(Date.now() - secondsAgo * 1_000);
    await database.db
      .updateTable("jobs")
      .set({
        status: "COMPLETED",
        completedAt,
        resultKey,
        logKey,
        resultSize: RESULT.length,
        resultSha256: createHash("sha256").update(RESULT).digest("hex"),
      })
      .where("id", "=", jobId)
      .execute();
    const dueAt = new Date(completedAt.getTime() + 300_000).toISOString();
    const has = (key: string) => setting.hasObject(setting.resources.buckets.results, key);
    return {
      userId,
      jobId,
      resultKey,
      logKey,
      message: { version: 1, jobId, userId, dueAt } as const,
      hasResult: () => has(resultKey),
      hasLog: () => has(logKey),
    };
  }

  async function archived(role: Role = "free_user") {
    const job = await completed();
    await archiveResult(deps, job.message, never);
    await setRole(job.userId, role);
    await database.db.deleteFrom("outbox").execute();
    return { ...job, archiveId: (await setting.job(job.jobId)).resultsFileArchiveId ?? "" };
  }

  async function restoring() {
    const job = await archived("premium_user");
    await restoreUser(deps, { version: 1, userId: job.userId }, never);
    const [message] = await setting.messages("thaw");
    const check = {
      version: 1,
      jobId: job.jobId,
      retrievalId: String(message?.retrievalId),
      generation: Number(message?.generation),
    } as const;
    const restoredKey = `test/${job.userId}/${job.jobId}.${check.generation}~in.annot.vcf`;
    const hasRestored = () => setting.hasObject(setting.resources.buckets.results, restoredKey);
    return { ...job, check, restoredKey, hasRestored };
  }

  const setRole = (userId: number, role: Role) =>
    database.db.updateTable("users").set({ role }).where("id", "=", userId).execute();
  const thaw = (check: Parameters<typeof thawResult>[1]) => thawResult(deps, check, never);

  async function storedIds(): Promise<readonly string[]> {
    const ids: string[] = [];
    for await (const { archiveId } of (await store.inventory()) ?? []) ids.push(archiveId);
    return ids;
  }

  describe("archiving", () => {
    it("moves a Free user's result once it is old enough, and only that", async () => {
      const job = await completed();
      await archiveResult(deps, job.message, never);
      const row = await setting.job(job.jobId);
      expect(row).toMatchObject({ archiveState: "archived", archiveStore: name, resultKey: null, logKey: job.logKey });
      expect(row.resultsFileArchiveId).not.toBeNull();
      expect([await job.hasResult(), await job.hasLog()]).toEqual([false, true]);
    });

    it("changes nothing when its message comes again", async () => {
      const job = await completed();
      await archiveResult(deps, job.message, never);
      const before = await setting.job(job.jobId);
      await archiveResult(deps, job.message, never);
      expect(await setting.job(job.jobId)).toEqual(before);
    });

    it("asks again later when the result is not old enough yet", async () => {
      const job = await completed({ secondsAgo: 100 });
      await archiveResult(deps, job.message, never);
      expect((await setting.job(job.jobId)).archiveState).toBe("kept");
      const [row] = await database.db.selectFrom("outbox").select(["queue", "delaySeconds"]).execute();
      expect(row).toMatchObject({ queue: "archive" });
      expect(row?.delaySeconds).toBeGreaterThanOrEqual(198);
      expect(row?.delaySeconds).toBeLessThanOrEqual(200);
    });

    it("leaves the result of a user who is Premium by now", async () => {
      const job = await completed({ role: "premium_user" });
      expect(await archiveResult(deps, job.message, never)).toEqual(DONE);
      expect(await setting.job(job.jobId)).toMatchObject({
        archiveState: "kept",
        resultsFileArchiveId: null,
        resultKey: job.resultKey,
      });
      expect(await job.hasResult()).toBe(true);
    });

    it("gives way to an upgrade during the copy, and deletes the copy", async () => {
      const job = await completed();
      let archiveId = "";
      const upgrading = withStore({
        async put(...args) {
          archiveId = await store.put(...args);
          await setRole(job.userId, "premium_user");
          await database.db
            .updateTable("jobs")
            .set({ archiveState: "kept", archiveGeneration: 7 })
            .where("id", "=", job.jobId)
            .execute();
          return archiveId;
        },
      });
      await archiveResult(upgrading, job.message, never);
      expect(await setting.job(job.jobId)).toMatchObject({ archiveState: "kept", resultsFileArchiveId: null });
      expect(await job.hasResult()).toBe(true);
      if (name === "s3-glacier") expect(await storedIds()).not.toContain(archiveId);
    });

    it("refuses a result that is not the one that was made, and keeps it", async () => {
      const job = await completed({ content: `${RESULT.slice(0, -2)}?\n` });
      await expect(archiveResult(deps, job.message, never)).rejects.toThrow("its row says");
      expect((await setting.job(job.jobId)).archiveState).toBe("archiving");
      expect(await job.hasResult()).toBe(true);
    });
  });

  describe("restoring", () => {
    it("puts the very result back under a key of its own and deletes the archive", async () => {
      const job = await restoring();
      expect(await setting.job(job.jobId)).toMatchObject({
        archiveState: "restoring",
        archiveTier: "Expedited",
        resultKey: null,
      });
      await waitUntil(
        "the retrieval is ready",
        async () => (await store.retrievalState(job.archiveId, job.check.retrievalId)) === "ready",
      );
      await thaw(job.check);
      expect(await setting.job(job.jobId)).toMatchObject({
        archiveState: "kept",
        resultsFileArchiveId: null,
        archiveStore: null,
        resultKey: job.restoredKey,
        archiveTier: null,
      });
      const { Body } = await setting.s3.send(
        new GetObjectCommand({ Bucket: setting.resources.buckets.results, Key: job.restoredKey }),
      );
      expect(await Body?.transformToString()).toBe(RESULT);
      if (name === "s3-glacier") expect(await storedIds()).not.toContain(job.archiveId);
      await thaw(job.check);
      expect(await mailsOf(job.userId)).toEqual(["result-restored"]);
    });

    it("tells no owner of a result that is archived again at once, for Premium was cancelled during the copy", async () => {
      const job = await restoring();
      const ready = async () => (await store.retrievalState(job.archiveId, job.check.retrievalId)) === "ready";
      await waitUntil("the retrieval is ready", ready);
      const cancelled = withStore({
        async open(...of) {
          await database.db.updateTable("users").set({ role: "free_user" }).where("id", "=", job.userId).execute();
          return store.open(...of);
        },
      });
      await thawResult(cancelled, job.check, never);
      expect(await setting.messages("archive")).toHaveLength(1);
      expect(await mailsOf(job.userId)).toEqual([]);
    });

    it("waits with fresh messages until the retrieval is ready", async () => {
      const job = await restoring();
      const waiting = withStore({ retrievalState: () => Promise.resolve("in progress") });
      await thawResult(waiting, job.check, never);
      expect(await setting.messages("thaw")).toEqual([job.check, job.check]);
      const rows = await database.db.selectFrom("outbox").select("delaySeconds").execute();
      expect(rows.map((row) => row.delaySeconds)).toEqual([60, 60]);
    });

    it("falls back to Standard when Expedited has no capacity", async () => {
      const job = await archived("premium_user");
      faults.set("RestoreObject", (input) =>
        JSON.stringify(input).includes("Expedited") ? serviceError("GlacierExpeditedRetrievalNotAvailable") : undefined,
      );
      faults.set("InitiateJob", (input) =>
        JSON.stringify(input).includes("Expedited") ? serviceError("InsufficientCapacityException") : undefined,
      );
      await restoreUser(deps, { version: 1, userId: job.userId }, never);
      expect(await setting.job(job.jobId)).toMatchObject({ archiveState: "restoring", archiveTier: "Standard" });
    });

    it("asks again when a retrieval failed or expired, and drops the older check", async () => {
      const job = await restoring();
      const failing = withStore({ retrievalState: () => Promise.resolve("failed") });
      await thawResult(failing, job.check, never);
      expect(await setting.messages("thaw")).toMatchObject([job.check, { generation: job.check.generation + 1 }]);
      expect(await thaw(job.check)).toEqual(DONE);
      expect(await setting.messages("thaw")).toHaveLength(2);
      expect((await setting.job(job.jobId)).archiveState).toBe("restoring");
    });

    it("stops for a user who is Free again: the archive is still there", async () => {
      const job = await restoring();
      await setRole(job.userId, "free_user");
      await thaw(job.check);
      expect(await setting.job(job.jobId)).toMatchObject({
        archiveState: "archived",
        resultsFileArchiveId: job.archiveId,
      });
      expect(await job.hasResult()).toBe(false);
    });

    it("brings nothing back for a job that was deleted meanwhile", async () => {
      const job = await restoring();
      await waitUntil(
        "the retrieval is ready",
        async () => (await store.retrievalState(job.archiveId, job.check.retrievalId)) === "ready",
      );
      const deleting = withStore({
        async open(...args) {
          await database.db.deleteFrom("users").where("id", "=", job.userId).execute();
          return store.open(...args);
        },
      });
      await thawResult(deleting, job.check, never);
      expect(await job.hasRestored()).toBe(false);
    });

    it("does nothing for a user who is not Premium", async () => {
      const job = await archived();
      await restoreUser(deps, { version: 1, userId: job.userId }, never);
      expect((await setting.job(job.jobId)).archiveState).toBe("archived");
    });
  });

  describe("the store", () => {
    it("deletes archives that no row refers to, when they are old enough", async () => {
      const kept = await archived();
      const folder = mkdtempSync(join(tmpdir(), "orphan-"));
      const path = join(folder, "x");
      writeFileSync(path, RESULT);
      const sha256 = createHash("sha256").update(RESULT).digest("hex");
      const orphan = await store.put(
        { jobId: randomUUID(), userId: 9, generation: 1, fileName: "x", path, sizeBytes: RESULT.length, sha256 },
        never,
      );
      rmSync(folder, { recursive: true });
      await waitUntil("an inventory", async () => (await storedIds()).includes(orphan));
      expect(await removeOrphans(deps, new Date())).toBe(0);
      expect(await removeOrphans(deps, new Date(Date.now() + 25 * 3_600_000))).toBeGreaterThanOrEqual(1);
      const { retrievalId } = await store.retrieve(kept.archiveId, kept.jobId);
      await waitUntil(
        "the kept one is ready",
        async () => (await store.retrievalState(kept.archiveId, retrievalId)) === "ready",
      );
      expect(await text(await store.open(kept.archiveId, retrievalId, never))).toBe(RESULT);
      await expect(store.retrieve(orphan, "x")).rejects.toThrow();
    });

    it("takes the deletion of what is gone for done", async () => {
      const job = await archived();
      await store.remove(job.archiveId);
      await expect(store.remove(job.archiveId)).resolves.toBeUndefined();
    });
  });
});

function serviceError(name: string): Error {
  return new Fault(name, "There is no capacity for expedited retrievals.", 503);
}
