import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { startTestCloud, type TestCloud } from "@elastic-gas/local-cloud/testing";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/shared/testing/database";
import { waitUntil } from "@elastic-gas/shared/testing/wait-until";
import { REFUSALS, type Refusal } from "@elastic-gas/shared/vcf/foreign-file";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSetting, type Setting } from "../test-setting.ts";
import { FAILURES } from "../vcf/failure.ts";
import { annotateJob, type WorkerDeps } from "./annotate-job.ts";
import { EngineProcesses } from "./engine-process.ts";

const CONFIG = {
  JOB_LEASE_SECONDS: 30,
  JOB_TIMEOUT_SECONDS: 30,
  FREE_RETENTION_SECONDS: 300,
  ANNOTATION_PACK: undefined,
  FREE_MAX_BYTES: 153_600,
  FREE_UNPACKED_RATIO: 20,
  PREMIUM_UNPACKED_MAX_BYTES: 1e9,
};
const HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
const VCF = `${HEAD}9\t5456114\t.\tA\tG\t50\tPASS\tDP=3\n`;
const sentence = ({ problem, help }: Refusal) => `${problem} ${help}`;
const never = new AbortController().signal;

let database: TestDatabase;
let cloud: TestCloud;
let setting: Setting;
const directory = mkdtempSync(join(tmpdir(), "annotator-"));
const engine = new EngineProcesses(null);

beforeAll(async () => {
  [database, cloud] = await Promise.all([createTestDatabase(), startTestCloud()]);
  setting = await createSetting(database.db, cloud.clientConfig);
});
beforeEach(async () => {
  await database.db.deleteFrom("outbox").execute();
});
afterAll(async () => {
  engine[Symbol.dispose]();
  await cloud?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

function worker(changes: Partial<WorkerDeps> = {}): WorkerDeps {
  const instanceId = `i-${randomUUID()}`;
  return {
    ...setting,
    config: CONFIG,
    engine,
    command: null,
    instanceId,
    directory: join(directory, instanceId),
    finishSeconds: 15,
    onJob: () => undefined,
    ...changes,
  };
}

const run = (deps: WorkerDeps, jobId: string, userId: number, stop: AbortSignal = never) =>
  annotateJob(deps, { version: 1, jobId, userId }, stop);

/** A command for ANNOTATION_COMMAND: Node running a script, which has the engine's placeholders as arguments. */
const script = (text: string) => [process.execPath, "-e", text, "{input}", "{output}", "{log}", "{directory}"];
const FOREVER = script("setInterval(() => undefined, 1000)");

async function content(bucket: string, key: string | null): Promise<Buffer> {
  const { Body } = await setting.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key ?? "" }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

describe("a job", () => {
  it("ends COMPLETED with result and log under the user's prefix, and the messages that follow", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF, { inputName: "my file.vcf", build: "GRCh38" });
    const deps = worker();
    await run(deps, jobId, userId);

    const job = await setting.job(jobId);
    expect(job).toMatchObject({
      status: "COMPLETED",
      attempt: 1,
      owner: null,
      failure: null,
      archiveState: "kept",
      resultKey: `test/${userId}/${jobId}~my file.annot.vcf`,
      logKey: `test/${userId}/${jobId}~my file.vcf.count.log`,
      summary: { records: 1, build: "GRCh38", inGenes: 1 },
    });
    const result = await content(setting.resources.buckets.results, job.resultKey);
    expect(result.toString()).toContain("DP=3;GAS_GENE=CD274;GAS_REGION=CDS;");
    expect(job.resultSize).toBe(result.length);
    expect(job.resultSha256).toBe(createHash("sha256").update(result).digest("hex"));
    expect((await content(setting.resources.buckets.results, job.logKey)).toString()).toContain("Total: 1\n");

    expect(await setting.messages("jobResults")).toEqual([{ version: 1, jobId, userId, outcome: "COMPLETED" }]);
    const dueAt = new Date((job.completedAt?.getTime() ?? 0) + 300_000).toISOString();
    expect(await setting.messages("archive")).toEqual([{ version: 1, jobId, userId, dueAt }]);
    const sent = await database.db
      .selectFrom("outbox")
      .select(["queue", "delaySeconds", "sentAt"])
      .orderBy("id")
      .execute();
    expect(sent.map((row) => [row.queue, row.delaySeconds, row.sentAt !== null])).toEqual([
      ["jobResults", 0, true],
      ["archive", 300, true],
    ]);
    expect(readdirSync(deps.directory)).toEqual([]);
  });

  it("of a Premium user is never sent to be archived", async () => {
    const userId = await setting.addUser("premium_user");
    await run(worker(), await setting.addJob(userId, VCF), userId);
    expect(await setting.messages("archive")).toEqual([]);
    expect(await setting.messages("jobResults")).toHaveLength(1);
  });

  it("runs once, however often its message comes", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    await Promise.all([run(worker(), jobId, userId), run(worker(), jobId, userId)]);
    await run(worker(), jobId, userId);
    expect(await setting.job(jobId)).toMatchObject({ status: "COMPLETED", attempt: 1 });
    expect(await setting.messages("jobResults")).toHaveLength(1);
  });

  it("of another worker is looked at again after its lease, by a fresh message", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    const leaseUntil = new Date(Date.now() + 40_000);
    await database.db
      .updateTable("jobs")
      .set({ status: "RUNNING", owner: "i-other", attempt: 1, leaseUntil })
      .where("id", "=", jobId)
      .execute();
    expect(await run(worker(), jobId, userId)).toEqual({ kind: "done" });
    const [row] = await database.db.selectFrom("outbox").select(["queue", "delaySeconds"]).execute();
    expect(row?.queue).toBe("jobRequests");
    expect(row?.delaySeconds).toBeGreaterThan(38);
    expect((await setting.job(jobId)).attempt).toBe(1);
  });

  it("is taken over when its worker's lease is past", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    await database.db
      .updateTable("jobs")
      .set({ status: "RUNNING", owner: "i-dead", attempt: 1, leaseUntil: new Date(Date.now() - 1_000) })
      .where("id", "=", jobId)
      .execute();
    await run(worker(), jobId, userId);
    expect(await setting.job(jobId)).toMatchObject({ status: "COMPLETED", attempt: 2 });
    expect(await setting.messages("jobResults")).toHaveLength(1);
  });

  it.each([
    ["that is no VCF", "chrom,pos\n1,2\n", {}, sentence(REFUSALS.commas)],
    ["that is empty", "", {}, sentence(REFUSALS.empty)],
    [
      "that was replaced after it was submitted",
      VCF,
      { inputEtag: '"0123456789abcdef0123456789abcdef"' },
      "The uploaded file was replaced after it was submitted. Submit it again.",
    ],
  ])("with a file %s ends FAILED with a sentence, and tells", async (_, text, columns, failure) => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, text, columns);
    await run(worker(), jobId, userId);
    expect(await setting.job(jobId)).toMatchObject({ status: "FAILED", failure, resultKey: null });
    expect(await setting.messages("jobResults")).toEqual([{ version: 1, jobId, userId, outcome: "FAILED" }]);
    expect(await setting.messages("archive")).toEqual([]);
  });

  it("whose file is gone ends FAILED", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    await database.db.updateTable("jobs").set({ inputKey: "test/nothing" }).where("id", "=", jobId).execute();
    await run(worker(), jobId, userId);
    expect((await setting.job(jobId)).failure).toBe("The uploaded file no longer exists. Upload it again.");
  });
});

describe("a job that is interrupted", () => {
  it("is ended by the timeout, with all that it started", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    await run(worker({ command: FOREVER, config: { ...CONFIG, JOB_TIMEOUT_SECONDS: 1 } }), jobId, userId);
    expect(await setting.job(jobId)).toMatchObject({
      status: "FAILED",
      failure: "The annotation took longer than the limit of 1\u00a0s and was ended.",
    });
  });

  it("changes nothing once another attempt has it", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    const running = run(worker({ command: FOREVER, config: { ...CONFIG, JOB_LEASE_SECONDS: 2 } }), jobId, userId);
    const failed = expect(running).rejects.toThrow(`Job ${jobId} is no longer attempt 1's`);
    await waitUntil("the job runs", async () => (await setting.job(jobId)).status === "RUNNING");
    const taken = { attempt: 2, owner: "i-other", leaseUntil: new Date(Date.now() + 60_000) };
    await database.db.updateTable("jobs").set(taken).where("id", "=", jobId).execute();
    await failed;
    expect(await setting.job(jobId)).toMatchObject({ status: "RUNNING", attempt: 2, owner: "i-other" });
    expect(await setting.messages("jobResults")).toEqual([]);
  });

  it("leaves no object behind when it was deleted meanwhile", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    // Finishes only when the job's row is gone: the engine's last moment before the upload is the latest that a test can choose.
    const gate = join(directory, "gate");
    const command = script(
      `const fs = require("fs"); const [input, output] = process.argv.slice(1); fs.copyFileSync(input, output);
       setInterval(() => { if (fs.existsSync(${JSON.stringify(gate)})) process.exit(0); }, 20)`,
    );
    const running = run(worker({ command }), jobId, userId);
    await waitUntil("the job runs", async () => (await setting.job(jobId)).status === "RUNNING");
    await database.db.deleteFrom("users").where("id", "=", userId).execute();
    writeFileSync(gate, "");
    await running;
    expect(await setting.hasObject(setting.resources.buckets.results, `test/${userId}/${jobId}~in.annot.vcf`)).toBe(
      false,
    );
    expect(await setting.messages("jobResults")).toEqual([]);
  });

  it("is handed back when its worker stops", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    const stop = new AbortController();
    const running = run(worker({ command: FOREVER, finishSeconds: 0.1 }), jobId, userId, stop.signal);
    const failed = expect(running).rejects.toThrow("The worker stops");
    await waitUntil("the job runs", async () => (await setting.job(jobId)).status === "RUNNING");
    stop.abort();
    await failed;
    expect(await setting.job(jobId)).toMatchObject({ status: "PENDING", owner: null, leaseUntil: null });
  });

  it("by a crash of the engine is tried once more, then FAILED", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    const deps = worker({ command: script("process.exit(7)") });
    await expect(run(deps, jobId, userId)).rejects.toThrow("crashed");
    expect((await setting.job(jobId)).status).toBe("PENDING");
    await run(deps, jobId, userId);
    expect(await setting.job(jobId)).toMatchObject({ status: "FAILED", failure: FAILURES.engine, attempt: 2 });
  });
});

describe("another annotator as a command", () => {
  it("may write its files as AnnTools names them", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF, { inputName: "x y.vcf" });
    const command = script(
      `const fs = require("fs"); const [input] = process.argv.slice(1); const base = input.slice(0, -4);
       fs.writeFileSync(base + ".annot.vcf", "annotated " + fs.readFileSync(input).length); fs.writeFileSync(base + ".vcf.count.log", "Total: 1\\n")`,
    );
    await run(worker({ command }), jobId, userId);
    const job = await setting.job(jobId);
    expect(job).toMatchObject({
      status: "COMPLETED",
      summary: null,
      resultKey: `test/${userId}/${jobId}~x y.annot.vcf`,
    });
    expect((await content(setting.resources.buckets.results, job.resultKey)).toString()).toBe(
      `annotated ${VCF.length}`,
    );
    expect((await content(setting.resources.buckets.results, job.logKey)).toString()).toBe("Total: 1\n");
  });

  it("sees no setting of the worker", async () => {
    process.env.DATABASE_URL = "mysql://secret";
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    const command = script('require("fs").writeFileSync(process.argv[2], Object.keys(process.env).join("\\n"))');
    await run(worker({ command }), jobId, userId);
    delete process.env.DATABASE_URL;
    const result = (await content(setting.resources.buckets.results, (await setting.job(jobId)).resultKey)).toString();
    expect(result).toContain("PATH");
    expect(result).not.toContain("DATABASE_URL");
  });
});

const sample = resolve(import.meta.dirname, "../../../../shared/samples/test.vcf");
it.skipIf(!existsSync(sample))("annotates the course's test.vcf (skipped without ../shared/samples)", async () => {
  const userId = await setting.addUser();
  const jobId = await setting.addJob(userId, readFileSync(sample), { inputName: "test.vcf" });
  await run(worker(), jobId, userId);
  const job = await setting.job(jobId);
  expect(job).toMatchObject({
    status: "COMPLETED",
    resultKey: `test/${userId}/${jobId}~test.annot.vcf`,
    summary: { records: 350 },
  });
});

it("keeps the object's content type readable in a browser", async () => {
  const userId = await setting.addUser();
  const jobId = await setting.addJob(userId, VCF);
  await run(worker(), jobId, userId);
  const { ContentType, ServerSideEncryption } = await setting.s3.send(
    new GetObjectCommand({ Bucket: setting.resources.buckets.results, Key: (await setting.job(jobId)).logKey ?? "" }),
  );
  expect(ContentType).toBe("text/plain; charset=utf-8");
  expect(ServerSideEncryption).toBe("AES256");
});
