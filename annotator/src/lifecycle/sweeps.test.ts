import { createHash } from "node:crypto";
import { CreateVaultCommand, GlacierClient } from "@aws-sdk/client-glacier";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { SESv2Client } from "@aws-sdk/client-sesv2";
import { Fault } from "@elastic-gas/local-cloud/wire/handler";
import type { Role } from "@elastic-gas/shared/database/tables";
import { MESSAGE_SCHEMAS, type MessageOf } from "@elastic-gas/shared/messages";
import { consume, type Handled } from "@elastic-gas/shared/reliability/consumer";
import { putLetter } from "@elastic-gas/shared/reliability/fail-job";
import { runSweeps } from "@elastic-gas/shared/reliability/sweeps";
import type { QueueKey } from "@elastic-gas/shared/resources";
import { createSetting, type Setting } from "@elastic-gas/testing/annotator/test-environment";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { z } from "zod";
import { archiveResult } from "./archive/archive-result.ts";
import { sweepDueResults } from "./archive/sweep-due.ts";
import { notifyOwner } from "./notify/notify-owner.ts";
import { sweepMails } from "./notify/sweep-mails.ts";
import { sweepDeletes } from "./pending-deletes.ts";
import { restoreUser } from "./restore/restore-user.ts";
import { sweepRestores } from "./restore/sweep-restores.ts";
import type { ArchiveStores } from "./store/archive-stores.ts";
import { createGlacierVault } from "./store/glacier-vault.ts";
import { createS3Glacier } from "./store/s3-glacier.ts";
import { sweepChecks } from "./thaw/sweep-checks.ts";
import { thawResult } from "./thaw/thaw-result.ts";

// Every message of these stories is lost, or met by a service that is away; what is asserted is that the work is done
// all the same.

const CONFIG = {
  FREE_RETENTION_SECONDS: 300,
  ARCHIVE_CHECK_SECONDS: 1,
  MAIL_FROM: "gas@example.org",
  DISPLAY_TIME_ZONE: "UTC",
  PUBLIC_URL: undefined,
  PUBLIC_HOST: "gas.example.org",
  LB_PORT: 8080,
};
const RESULT = "##fileformat=VCFv4.2\nannotated\n";
const never = new AbortController().signal;
const faults = new Map<string, () => Error>();
let calls: string[] = [];

let database: TestDatabase;
let cloud: TestCloud;
let setting: Setting;
let stores: ArchiveStores;

beforeAll(async () => {
  [database, cloud] = await Promise.all([
    createTestDatabase(),
    startTestCloud({
      retrievalSeconds: { Expedited: 0.2, Standard: 0.2 },
      async middleware({ operation }, next) {
        calls.push(operation);
        const fault = faults.get(operation)?.();
        if (fault !== undefined) throw fault;
        return next();
      },
    }),
  ]);
  setting = await createSetting(database.db, cloud.clientConfig);
  const glacier = new GlacierClient(cloud.clientConfig);
  await glacier.send(new CreateVaultCommand({ accountId: "-", vaultName: "test-results" }));
  stores = {
    current: "s3-glacier",
    byName: {
      "s3-glacier": createS3Glacier(setting.s3, setting.resources.buckets.archive, setting.resources.prefix),
      "glacier-vault": createGlacierVault(glacier, "test-results"),
    },
  };
});
beforeEach(async () => {
  faults.clear();
  calls = [];
  for (const table of ["outbox", "jobs", "sweepMarks", "deadLetters", "pendingDeletes", "leases"] as const)
    await database.db.deleteFrom(table).execute();
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const deps = () => ({ ...setting, stores, config: CONFIG });
const notify = () => ({ ...setting, ses: new SESv2Client(cloud.clientConfig), config: CONFIG });
const away = () => new Fault("ServiceUnavailable", "The service is away.", 503);
const job = (id: string) => setting.job(id);

async function completed(role: Role = "free_user", { secondsAgo = 1_000, email = "ann@example.org" } = {}) {
  const userId = await setting.addUser(role, email);
  const jobId = await setting.addJob(userId, "input");
  const resultKey = `test/${userId}/${jobId}~in.annot.vcf`;
  await setting.s3.send(
    new PutObjectCommand({ Bucket: setting.resources.buckets.results, Key: resultKey, Body: RESULT }),
  );
  await database.db
    .updateTable("jobs")
    .set({
      status: "COMPLETED",
      completedAt: new Date(Date.now() - secondsAgo * 1_000),
      resultKey,
      resultSize: RESULT.length,
      resultSha256: createHash("sha256").update(RESULT).digest("hex"),
    })
    .where("id", "=", jobId)
    .execute();
  return { userId, jobId, resultKey };
}

async function archived(role: Role) {
  const done = await completed();
  await archiveResult(deps(), { version: 1, ...done, dueAt: new Date().toISOString() }, never);
  await database.db.updateTable("users").set({ role }).where("id", "=", done.userId).execute();
  await database.db.deleteFrom("outbox").execute();
  return done;
}

/** As the process of the queue handles it, without pauses between retries. */
async function consuming<Key extends QueueKey>(
  queue: Key,
  handle: (body: MessageOf<Key>) => Promise<Handled>,
  until: () => Promise<boolean>,
): Promise<void> {
  const controller = new AbortController();
  const ended = consume({
    sqs: setting.sqs,
    queue: setting.resources.queues[queue],
    schema: MESSAGE_SCHEMAS[queue] as unknown as z.ZodType<MessageOf<Key>>, // not followed through a generic key
    log: setting.log,
    signal: controller.signal,
    visibilityTimeoutSeconds: 30,
    longestRetrySeconds: 0,
    handle,
  });
  try {
    await waitUntil(`queue ${queue} has done its work`, until);
  } finally {
    controller.abort();
    await ended;
  }
}

const times = (operation: string) => calls.filter((each) => each === operation).length;

describe("a service that is away when a message comes", () => {
  it("SES: the mail comes when it is back, once, after far more than four receives", async () => {
    const { userId, jobId } = await completed("free_user", { email: "away@example.org" });
    await setting.send("jobResults", { version: 1, jobId, userId, outcome: "COMPLETED" });
    faults.set("SendEmail", () => {
      if (times("SendEmail") >= 12) faults.clear();
      return away();
    });
    await consuming(
      "jobResults",
      (body) => notifyOwner(notify(), body),
      async () => (await job(jobId)).notifiedAt !== null,
    );
    expect(times("SendEmail")).toBe(13);
  });

  it.each([
    ["GetObject", "s3-glacier"],
    ["PutObject", "s3-glacier"],
    ["UploadArchive", "glacier-vault"],
  ] as const)("%s: the result is archived when it is back (%s)", async (operation, current) => {
    const done = await completed();
    await setting.send("archive", {
      version: 1,
      jobId: done.jobId,
      userId: done.userId,
      dueAt: new Date().toISOString(),
    });
    calls = [];
    faults.set(operation, () => {
      if (times(operation) >= 10) faults.clear();
      return away();
    });
    await consuming(
      "archive",
      (body) => archiveResult({ ...deps(), stores: { ...stores, current } }, body, never),
      async () => (await job(done.jobId)).archiveState === "archived",
    );
    expect(await job(done.jobId)).toMatchObject({ archiveStore: current, resultKey: null });
  });
});

describe("a sweep", () => {
  it("has the owner told whose message was lost, once", async () => {
    const { jobId, userId } = await completed("premium_user");
    const [fresh, told] = [await completed("premium_user", { secondsAgo: 10 }), await completed("premium_user")];
    await database.db.updateTable("jobs").set({ notifiedAt: new Date() }).where("id", "=", told.jobId).execute();
    expect([await sweepMails(database.db), await sweepMails(database.db)]).toEqual([1, 0]);
    const [message] = await setting.messages("jobResults");
    expect(message).toEqual({ version: 1, jobId, userId, outcome: "COMPLETED" });
    await notifyOwner(notify(), MESSAGE_SCHEMAS.jobResults.parse(message));
    expect((await job(jobId)).notifiedAt).not.toBeNull();
    expect((await job(fresh.jobId)).notifiedAt).toBeNull();
  });

  it("asks again when what it sent was lost as well, and not about what a person has before them", async () => {
    const { jobId } = await completed("premium_user");
    await sweepMails(database.db);
    await database.db
      .updateTable("sweepMarks")
      .set({ at: new Date(Date.now() - 601_000) })
      .execute();
    expect(await sweepMails(database.db)).toBe(1);
    await database.db
      .updateTable("sweepMarks")
      .set({ at: new Date(Date.now() - 601_000) })
      .execute();
    await putLetter(database.db, {
      queue: "jobResults",
      messageId: "m",
      body: JSON.stringify({ version: 1, jobId }),
      outcome: "Set aside.",
      reason: "The address does not exist.",
    });
    expect(await sweepMails(database.db)).toBe(0);
  });

  it.each(["kept", "archiving"] as const)("has a result archived that is %s though it is due", async (archiveState) => {
    const due = await completed();
    await database.db.updateTable("jobs").set({ archiveState }).where("id", "=", due.jobId).execute();
    await completed("premium_user");
    await completed("free_user", { secondsAgo: 310 });
    expect([await sweepDueResults(database.db, CONFIG), await sweepDueResults(database.db, CONFIG)]).toEqual([1, 0]);
    const [message] = await setting.messages("archive");
    await archiveResult(deps(), MESSAGE_SCHEMAS.archive.parse(message), never);
    expect((await job(due.jobId)).archiveState).toBe("archived");
  });

  it("asks for the archived results of Premium users, and tells a person of an archive that is gone", async () => {
    const [lost, free, gone] = [
      await archived("premium_user"),
      await archived("free_user"),
      await archived("premium_user"),
    ];
    await stores.byName["s3-glacier"].remove((await job(gone.jobId)).resultsFileArchiveId ?? "");
    await sweepRestores(deps());
    await sweepRestores(deps());
    expect(await job(lost.jobId)).toMatchObject({ archiveState: "restoring" });
    expect((await job(lost.jobId)).retrievalId).not.toBeNull();
    expect((await job(free.jobId)).archiveState).toBe("archived");
    const letters = await database.db.selectFrom("deadLetters").select(["queue", "outcome"]).execute();
    expect(letters).toEqual([
      { queue: "restore", outcome: `The archived result of job ${gone.jobId} was not asked for.` },
    ]);
  });

  it("has a retrieval looked at whose check was lost, without asking for another", async () => {
    const { jobId, userId } = await archived("premium_user");
    await restoreUser(deps(), { version: 1, userId }, never);
    const { retrievalId, archiveGeneration } = await job(jobId);
    await database.db.deleteFrom("outbox").execute();
    expect(await sweepChecks(deps())).toBe(0);
    await database.db
      .updateTable("jobs")
      .set({ retrievalCheckedAt: new Date(Date.now() - 601_000) })
      .where("id", "=", jobId)
      .execute();
    expect([await sweepChecks(deps()), await sweepChecks(deps())]).toEqual([1, 0]);
    const [message] = await setting.messages("thaw");
    expect(message).toEqual({ version: 1, jobId, retrievalId, generation: archiveGeneration });
    await waitUntil("the result is back", async () => {
      await thawResult(deps(), MESSAGE_SCHEMAS.thaw.parse(message), never);
      return (await job(jobId)).archiveState === "kept";
    });
  });

  it("asks again for a retrieval of a version that did not write it down", async () => {
    const { jobId, userId } = await archived("premium_user");
    await restoreUser(deps(), { version: 1, userId }, never);
    await database.db
      .updateTable("jobs")
      .set({ retrievalId: null, retrievalCheckedAt: null, restoreAskedAt: new Date(Date.now() - 601_000) })
      .where("id", "=", jobId)
      .execute();
    const before = await job(jobId);
    expect(await sweepChecks(deps())).toBe(1);
    expect((await job(jobId)).archiveGeneration).toBe(before.archiveGeneration + 1);
    expect((await job(jobId)).retrievalId).not.toBeNull();
  });

  it("deletes what could not be deleted at once", async () => {
    const done = await completed();
    faults.set("DeleteObject", away);
    await archiveResult(deps(), { version: 1, ...done, dueAt: new Date().toISOString() }, never);
    const there = () => setting.hasObject(setting.resources.buckets.results, done.resultKey);
    expect([(await job(done.jobId)).archiveState, await there()]).toEqual(["archived", true]);
    faults.clear();
    expect(await sweepDeletes(deps(), never)).toBe(0); // whoever wrote it down may still be at it
    await database.db
      .updateTable("pendingDeletes")
      .set({ createdAt: new Date(Date.now() - 61_000) })
      .execute();
    expect(await sweepDeletes(deps(), never)).toBe(1);
    expect(await there()).toBe(false);
    expect(await database.db.selectFrom("pendingDeletes").selectAll().execute()).toEqual([]);
  });
});

describe("the scheduler", () => {
  it("runs each sweep in one of several processes at a time, and goes on when one fails", async () => {
    const controller = new AbortController();
    let [runs, failures] = [0, 0];
    const sweeps = [
      {
        name: "hourly",
        everySeconds: 3_600,
        run: async () => {
          runs += 1;
        },
      },
      {
        name: "fails",
        everySeconds: 0.1,
        run: async () => {
          failures += 1;
          throw new Error("no");
        },
      },
    ];
    const running = ["a", "b", "c"].map((holder) =>
      runSweeps({ db: database.db, log: setting.log, holder, signal: controller.signal }, sweeps),
    );
    await waitUntil("the failing one was tried again", () => failures >= 3);
    controller.abort();
    await Promise.all(running);
    expect(runs).toBe(1);
  });

  it("takes a sweep over whose process died", async () => {
    const until = new Date(Date.now() - 1);
    await database.db.insertInto("leases").values({ name: "sweep: x", holder: "dead", epoch: 1, until }).execute();
    const controller = new AbortController();
    let isRun = false;
    const sweep = {
      name: "x",
      everySeconds: 60,
      run: async () => {
        isRun = true;
      },
    };
    const running = runSweeps({ db: database.db, log: setting.log, holder: "b", signal: controller.signal }, [sweep]);
    await waitUntil("it ran", () => isRun);
    controller.abort();
    await running;
  });
});
