import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Fault } from "@elastic-gas/local-cloud/wire/handler";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { readConfig } from "@elastic-gas/shared/config";
import { insertUnlessThere } from "@elastic-gas/shared/database/insert-unless-there";
import { sendAllDeadLetters } from "@elastic-gas/shared/reliability/dead-letters";
import { DEAD_JOB_SENTENCE } from "@elastic-gas/shared/reliability/fail-job";
import { REFUSALS, type Refusal } from "@elastic-gas/shared/vcf/foreign-file";
import { createSetting, type Setting } from "@elastic-gas/testing/annotator/test-environment";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { startTestCloud, TEST_CREDENTIALS, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { FAILURES } from "../vcf/failure.ts";

import { annotateNextJob, type WorkerDeps } from "./annotate-job.ts";

import { EngineProcesses } from "./engine-process.ts";

const CONFIG = {
  JOB_LEASE_SECONDS: 30,
  HEARTBEAT_SECONDS: 10,
  JOB_TIMEOUT_SECONDS: 30,
  FREE_RETENTION_SECONDS: 300,
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
/** Operations that answer an error, by name; tests fill it. */
const faults = new Map<string, () => Error>();
const directory = mkdtempSync(join(tmpdir(), "annotator-"));
const engine = new EngineProcesses(null);

beforeAll(async () => {
  [database, cloud] = await Promise.all([
    createTestDatabase(),
    startTestCloud({
      async middleware({ operation }, next) {
        const fault = faults.get(operation)?.();
        if (fault !== undefined) throw fault;
        return next();
      },
    }),
  ]);
  setting = await createSetting(database.db, cloud.clientConfig);
});
beforeEach(async () => {
  for (const table of ["outbox", "jobs", "deadLetters"] as const) await database.db.deleteFrom(table).execute();
});
afterAll(async () => {
  engine[Symbol.dispose]();
  await cloud?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

function worker(changes: Partial<WorkerDeps> = {}): WorkerDeps {
  const instanceId = `i-${randomBytes(8).toString("hex")}0`;
  return {
    ...setting,
    config: CONFIG,
    engine,
    command: null,
    instanceId,
    directory: join(directory, instanceId),
    packDirectory: null,
    finishSeconds: 15,
    onJob: () => undefined,
    ...changes,
  };
}

const run = async (deps: WorkerDeps, stop: AbortSignal = never) => {
  await beat(deps.instanceId);
  return annotateNextJob(deps, stop);
};

/** A worker without a heartbeat is taken for lost. */
const beat = (instanceId: string) =>
  insertUnlessThere(
    database.db.insertInto("workers").values({ instanceId, pool: "annotator", at: new Date(Date.now() + 60_000) }),
  );

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
    await run(deps);

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
    await setting.addJob(userId, VCF);
    await run(worker());
    expect(await setting.messages("archive")).toEqual([]);
    expect(await setting.messages("jobResults")).toHaveLength(1);
  });

  it("runs once, however often its message comes", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    await Promise.all([run(worker()), run(worker())]);
    await run(worker());
    expect(await setting.job(jobId)).toMatchObject({ status: "COMPLETED", attempt: 1 });
    expect(await setting.messages("jobResults")).toHaveLength(1);
  });

  it("of another worker that lives is left alone", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    await beat("i-other");
    const leaseUntil = new Date(Date.now() + 3_600_000);
    await database.db
      .updateTable("jobs")
      .set({ status: "RUNNING", owner: "i-other", attempt: 1, leaseUntil })
      .where("id", "=", jobId)
      .execute();
    expect(await run(worker())).toEqual({ kind: "done" });
    expect(await setting.job(jobId)).toMatchObject({ status: "RUNNING", owner: "i-other", attempt: 1 });
  });

  it("is taken over when its worker's lease is past", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    await database.db
      .updateTable("jobs")
      .set({ status: "RUNNING", owner: "i-dead", attempt: 1, leaseUntil: new Date(Date.now() - 1_000) })
      .where("id", "=", jobId)
      .execute();
    await run(worker());
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
    await run(worker());
    expect(await setting.job(jobId)).toMatchObject({ status: "FAILED", failure, resultKey: null });
    expect(await setting.messages("jobResults")).toEqual([{ version: 1, jobId, userId, outcome: "FAILED" }]);
    expect(await setting.messages("archive")).toEqual([]);
  });

  it("whose file is gone ends FAILED", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    await database.db.updateTable("jobs").set({ inputKey: "test/nothing" }).where("id", "=", jobId).execute();
    await run(worker());
    expect((await setting.job(jobId)).failure).toBe("The uploaded file no longer exists. Upload it again.");
  });
});

describe("a job that is interrupted", () => {
  it("is ended by the timeout, with all that it started", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    await run(worker({ command: FOREVER, config: { ...CONFIG, JOB_TIMEOUT_SECONDS: 1 } }));
    expect(await setting.job(jobId)).toMatchObject({
      status: "FAILED",
      failure: "The annotation took longer than the limit of 1\u00a0s and was ended.",
    });
  });

  it("changes nothing once another attempt has it", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    const running = run(worker({ command: FOREVER, config: { ...CONFIG, JOB_LEASE_SECONDS: 2 } }));
    await waitUntil("the job runs", async () => (await setting.job(jobId)).status === "RUNNING");
    const taken = { attempt: 2, owner: "i-other", leaseUntil: new Date(Date.now() + 60_000) };
    await database.db.updateTable("jobs").set(taken).where("id", "=", jobId).execute();
    expect(await running).toEqual({ kind: "done" });
    expect(await setting.job(jobId)).toMatchObject({ status: "RUNNING", attempt: 2, owner: "i-other" });
    expect(await setting.messages("jobResults")).toEqual([]);
  });

  it("ends within seconds when its owner cancels it, long before its lease, and tells nobody", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    const running = run(worker({ command: FOREVER, config: { ...CONFIG, JOB_LEASE_SECONDS: 3_600 } }));
    await waitUntil("the job runs", async () => (await setting.job(jobId)).status === "RUNNING");
    const cancelled = { status: "FAILED", cancelledAt: new Date(), owner: null, leaseUntil: null } as const;
    await database.db.updateTable("jobs").set(cancelled).where("id", "=", jobId).execute();
    expect(await running).toEqual({ kind: "done" });
    expect(await setting.job(jobId)).toMatchObject({ status: "FAILED", resultKey: null, failures: 0 });
    expect(await setting.messages("jobResults")).toEqual([]);
  });

  it("leaves no object behind when it was deleted meanwhile", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    // Finishes only when the job's row is gone: the engine's last moment before the upload is the latest that a test
    // can choose.
    const gate = join(directory, "gate");
    const command = script(
      `const fs = require("fs"); const [input, output] = process.argv.slice(1); fs.copyFileSync(input, output);
       setInterval(() => { if (fs.existsSync(${JSON.stringify(gate)})) process.exit(0); }, 20)`,
    );
    const running = run(worker({ command }));
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
    const running = run(worker({ command: FOREVER, finishSeconds: 0.1 }), stop.signal);
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
    expect(await run(deps)).toEqual({ kind: "later", seconds: 1 });
    expect(await setting.job(jobId)).toMatchObject({ status: "PENDING", failures: 1 });
    await retryNow();
    await run(deps);
    expect(await setting.job(jobId)).toMatchObject({ status: "FAILED", failure: FAILURES.engine, attempt: 2 });
  });

  it("by a machine that ends, which ends the engine's processes too, is no crash: it is handed back", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    await run(worker({ command: script("process.exit(7)") }));
    await retryNow();
    const stop = new AbortController();
    const command = script('console.log("a line"); setTimeout(() => process.kill(process.pid, "SIGTERM"), 1000)');
    const running = run(worker({ command, finishSeconds: 60 }), stop.signal);
    const handedBack = expect(running).rejects.toThrow("ended with its machine");
    stop.abort();
    await handedBack;
    expect(await setting.job(jobId)).toMatchObject({ status: "PENDING", failures: 1, owner: null });
  });

  it("by S3 being away, however often, is tried again and never fails for it", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    faults.set("GetObject", () => new Fault("ServiceUnavailable", "away", 503));
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      expect(await run(worker())).toMatchObject({ kind: "later" });
      expect(await setting.job(jobId)).toMatchObject({ status: "PENDING", attempt, failures: 0, owner: null });
      await retryNow();
    }
    faults.clear();
    await run(worker());
    expect((await setting.job(jobId)).status).toBe("COMPLETED");
    expect(await database.db.selectFrom("deadLetters").selectAll().execute()).toEqual([]);
  });

  it("by S3 going silent in the middle of its file is tried again as well", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    const server = createServer((_req, res) => {
      res.writeHead(200, { "content-length": VCF.length });
      res.write(VCF.slice(0, VCF.length / 2));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo; // a TCP server has one
    const { accessKeyId, secretAccessKey } = TEST_CREDENTIALS;
    const key = `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
    writeFileSync(join(directory, "credentials"), key);
    const config = readConfig({ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, DATA_DIR: directory });
    const s3 = createAwsClient(S3Client, config, { idleTimeoutMs: 200 });
    onTestFinished(() => s3.destroy());
    expect(await run(worker({ s3 }))).toMatchObject({ kind: "later" });
    expect(await setting.job(jobId)).toMatchObject({ status: "PENDING", failures: 0, owner: null });
    await retryNow();
    await run(worker());
    expect((await setting.job(jobId)).status).toBe("COMPLETED");
  });

  it("by a fault of ours is given up after four attempts, tells its owner and is put before a person", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    faults.set("GetObject", () => new Fault("InvalidRequest", "wrong", 400));
    for (let failures = 1; failures <= 3; failures += 1) {
      await run(worker());
      expect(await setting.job(jobId)).toMatchObject({ status: "PENDING", failures });
      await retryNow();
    }
    expect(await run(worker())).toEqual({ kind: "done" });
    faults.clear();
    expect(await setting.job(jobId)).toMatchObject({ status: "FAILED", failure: DEAD_JOB_SENTENCE });
    expect(await setting.messages("jobResults")).toEqual([{ version: 1, jobId, userId, outcome: "FAILED" }]);
    const letters = await database.db.selectFrom("deadLetters").select(["queue", "reason"]).execute();
    expect(letters).toEqual([{ queue: "jobRequests", reason: "Failed 4 times, at last with: wrong" }]);
    // A person sends it again, and it runs.
    expect(await sendAllDeadLetters(database.db)).toEqual({ sent: 1, never: 0 });
    await run(worker());
    expect((await setting.job(jobId)).status).toBe("COMPLETED");
  });
});

describe("the log of a job that runs", () => {
  /** A command that says what a file holds, as often as it changes, and ends when the file `end` is there. */
  const saying = (name: string) => {
    const path = join(directory, name);
    const command = script(
      `const fs = require("fs"); const [input, output] = process.argv.slice(1); let said = "";
       const say = () => { const text = fs.readFileSync(${JSON.stringify(path)}, "utf8");
         if (text !== said) process.stdout.write(text.slice(said.length)); said = text;
         if (text.endsWith("end\\n")) { fs.copyFileSync(input, output); clearInterval(timer); } };
       const timer = setInterval(say, 20);`,
    );
    const says = (text: string) => {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path); // the command reads all of it or nothing
    };
    says("");
    return { command, says };
  };
  /** As a page and the API read it. */
  const logOf = async (jobId: string) => {
    const { status, attempt, runningLog, runningLogAttempt } = await setting.job(jobId);
    return status === "RUNNING" && runningLogAttempt === attempt ? runningLog : null;
  };
  const untilLog = (jobId: string, text: string | RegExp) =>
    waitUntil(`the log says ${text}`, async () => {
      const log = await logOf(jobId);
      return typeof text === "string" ? log === text : text.test(log ?? "");
    });
  const often = { ...CONFIG, JOB_LEASE_SECONDS: 1 };

  it("is kept with its progress, and goes when the whole one is stored", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    const { command, says } = saying("kept");
    const running = run(worker({ command, config: often }));
    says("first\n");
    await untilLog(jobId, "first\n");
    says("first\n<script>alert(1)</script> ä🧬\n");
    await untilLog(jobId, "first\n<script>alert(1)</script> ä🧬\n");
    says("first\n<script>alert(1)</script> ä🧬\nend\n");
    await running;
    const job = await setting.job(jobId);
    expect(job).toMatchObject({ status: "COMPLETED", runningLog: null, runningLogAttempt: null });
    const whole = (await content(setting.resources.buckets.results, job.logKey)).toString();
    expect(whole).toBe("first\n<script>alert(1)</script> ä🧬\nend\n");
  });

  it("is its last 16 KB, and the whole one comes with the result", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    const { command, says } = saying("long");
    const running = run(worker({ command, config: often }));
    const lines = Array.from({ length: 20_000 }, (_, n) => `WARNING ${n}: an odd record\n`).join("");
    says(lines);
    await untilLog(jobId, /WARNING 19999: an odd record\n$/);
    const log = (await logOf(jobId)) ?? "";
    expect(log).toMatch(/^\(earlier lines are left out\)\nWARNING \d+: an odd record\n/);
    expect(Buffer.byteLength(log)).toBeLessThanOrEqual(16_384);
    says(`${lines}end\n`);
    await running;
    const { logKey } = await setting.job(jobId);
    expect((await content(setting.resources.buckets.results, logKey)).toString()).toBe(`${lines}end\n`);
  });

  it("is written no oftener than the lease is renewed, and not again while it says the same", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    const { command, says } = saying("rare");
    const writes: boolean[] = [];
    const watched = database.db.withPlugin({
      transformQuery({ node }) {
        const text = JSON.stringify(node);
        if (text.includes("lease_until") && !text.includes("started_at") && node.kind === "UpdateQueryNode")
          writes.push(text.includes("running_log_attempt"));
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    const running = run(worker({ db: watched, command, config: often }));
    for (let line = 1; line <= 50; line += 1) says("line\n".repeat(line));
    await untilLog(jobId, "line\n".repeat(50));
    const withLog = writes.filter(Boolean).length;
    await waitUntil("the lease was renewed three times more", () => writes.length >= withLog + 3);
    expect(writes.filter(Boolean)).toHaveLength(withLog);
    expect(withLog).toBeLessThan(10);
    says(`${"line\n".repeat(50)}end\n`);
    await running;
  });

  it("of a worker that was lost is not shown of the one that takes over, nor what it still writes", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    const [lost, next] = [saying("lost"), saying("next")];
    const first = worker({ command: lost.command, config: often });
    const runningFirst = run(first);
    lost.says("of the first\n");
    await untilLog(jobId, "of the first\n");
    // Its heartbeat is taken for stopped although it lives.
    await database.db.deleteFrom("workers").where("instanceId", "=", first.instanceId).execute();
    const second = worker({ command: next.command, config: { ...often, JOB_LEASE_SECONDS: 30 } });
    const runningSecond = run(second);
    await waitUntil("the second has the job", async () => (await setting.job(jobId)).owner === second.instanceId);
    expect(await logOf(jobId)).toBeNull();
    lost.says("of the first\nand more of it\n");
    expect(await runningFirst).toEqual({ kind: "done" });
    expect(await logOf(jobId)).toBeNull();
    next.says("of the second\n");
    await untilLog(jobId, "of the second\n");
    next.says("of the second\nend\n");
    await runningSecond;
    const { status, attempt, logKey } = await setting.job(jobId);
    expect([status, attempt]).toEqual(["COMPLETED", 2]);
    const whole = (await content(setting.resources.buckets.results, logKey)).toString();
    expect(whole).toBe("of the second\nend\n");
  });

  it("goes with a crash and a hand-back, as the job will run again", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF);
    const none = { runningLog: null, runningLogAttempt: null };
    const { command, says } = saying("gone");
    says("a line\n");
    const stop = new AbortController();
    const running = run(worker({ command, config: often, finishSeconds: 0.1 }), stop.signal);
    const stopped = expect(running).rejects.toThrow("The worker stops");
    await untilLog(jobId, "a line\n");
    stop.abort();
    await stopped;
    expect(await setting.job(jobId)).toMatchObject({ status: "PENDING", ...none });
    const crashing = run(
      worker({ command: script('console.log("a line"); setTimeout(() => process.exit(7), 2000)'), config: often }),
    );
    await untilLog(jobId, "a line\n");
    await crashing;
    expect(await setting.job(jobId)).toMatchObject({ status: "PENDING", ...none });
  });

  it("says what the engine has found so far, its warnings in a line each however often they occur", async () => {
    const userId = await setting.addUser("premium_user");
    // However fast the machine is, it is at work for some seconds: ten members of a million records.
    const records = Array.from({ length: 200_000 }, (_, n) => `chr1\t${n + 1}\t.\tA\n`).join("");
    const good = Array.from({ length: 1_000_000 }, (_, n) => `9\t${5_456_114 + n}\t.\tA\tG\t50\tPASS\tDP=3\n`).join("");
    const head = `##fileformat=VCFv4.2\n${HEAD.slice(HEAD.indexOf("#C"))}${records}`;
    const packed = Buffer.concat([gzipSync(head), ...Array<Buffer>(10).fill(gzipSync(good, { level: 1 }))]);
    const jobId = await setting.addJob(userId, packed, { inputName: "in.vcf.gz", build: "GRCh38" });
    const stop = new AbortController();
    const running = run(worker({ config: { ...often, JOB_TIMEOUT_SECONDS: 600 }, finishSeconds: 0.1 }), stop.signal);
    const stopped = expect(running).rejects.toThrow("The worker stops");
    await untilLog(jobId, /Records so far: \d+/);
    const log = (await logOf(jobId)) ?? "";
    expect(log).toMatch(/^File: in\.vcf\.gz\nAnnotation pack: .+\n/);
    expect(log).toMatch(/\nBuild: GRCh38\nBuild decided: /);
    expect(log).toMatch(/ s {2}Annotating the records\n/);
    expect(log).toMatch(/\nWarnings so far:\n {2}[\d,]+ records could not be parsed/);
    expect(Buffer.byteLength(log)).toBeLessThan(4_096);
    stop.abort();
    await stopped;
  });
});

describe("the log of a job that fails", () => {
  const MADE = /^File: in\.vcf\nAnnotation pack: .+\nBuild: GRCh38/;

  it("is what the engine had said by then, however soon it failed", async () => {
    const header = `##fileformat=VCFv4.2\n##reference=GRCh38\n${HEAD.slice(HEAD.indexOf("#C"))}`;
    const jobId = await setting.addJob(await setting.addUser(), `${header}chr1\t7\n`);
    await run(worker());
    const job = await setting.job(jobId);
    expect(job).toMatchObject({ status: "FAILED", runningLog: expect.stringMatching(MADE), runningLogAttempt: 1 });
    expect(job.runningLog).toContain("Records so far: 1");
  });

  it("is what a command had said when its time was over, and when it crashed for the last time", async () => {
    const [slow, broken] = [await setting.addUser(), await setting.addUser()];
    const slowId = await setting.addJob(slow, VCF);
    const saying = 'console.log("a line"); ';
    await run(
      worker({
        command: script(`${saying}setInterval(() => undefined, 1000)`),
        config: { ...CONFIG, JOB_TIMEOUT_SECONDS: 2 },
      }),
    );
    expect(await setting.job(slowId)).toMatchObject({ status: "FAILED", runningLog: "a line\n" });
    const brokenId = await setting.addJob(broken, VCF);
    const deps = worker({ command: script(`${saying}process.exitCode = 7`) });
    await run(deps);
    expect(await setting.job(brokenId)).toMatchObject({ status: "PENDING", runningLog: null });
    await retryNow();
    await run(deps);
    expect(await setting.job(brokenId)).toMatchObject({
      status: "FAILED",
      runningLog: "a line\n",
      runningLogAttempt: 2,
    });
  });

  it("is that of its last attempt when it is given up, also while nothing can be stored", async () => {
    const jobId = await setting.addJob(await setting.addUser(), VCF);
    const deps = worker({
      command: script(
        'const fs = require("fs"); fs.copyFileSync(process.argv[1], process.argv[2]); console.log("to the end")',
      ),
    });
    faults.set("PutObject", () => new Fault("InvalidRequest", "wrong", 400));
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await run(deps);
      expect(await setting.job(jobId)).toMatchObject({ status: "PENDING", failures: attempt, runningLog: null });
      await retryNow();
    }
    await run(deps);
    faults.clear();
    expect(await setting.job(jobId)).toMatchObject({
      status: "FAILED",
      failure: DEAD_JOB_SENTENCE,
      runningLog: "to the end\n",
    });
    // It runs again and is completed: then its log is the stored one alone.
    expect(await sendAllDeadLetters(database.db)).toEqual({ sent: 1, never: 0 });
    await run(deps);
    const job = await setting.job(jobId);
    expect(job).toMatchObject({ status: "COMPLETED", runningLog: null, runningLogAttempt: null });
    expect((await content(setting.resources.buckets.results, job.logKey)).toString()).toBe("to the end\n");
  });

  it("is not there when nothing could be read", async () => {
    const jobId = await setting.addJob(await setting.addUser(), VCF);
    await database.db.updateTable("jobs").set({ inputKey: "test/nothing" }).where("id", "=", jobId).execute();
    await run(worker());
    expect(await setting.job(jobId)).toMatchObject({ status: "FAILED", runningLog: null, logKey: null });
  });
});

const retryNow = () => database.db.updateTable("jobs").set({ retryAt: null }).execute();

describe("another annotator as a command", () => {
  it("may write its files as AnnTools names them", async () => {
    const userId = await setting.addUser();
    const jobId = await setting.addJob(userId, VCF, { inputName: "x y.vcf" });
    const command = script(
      `const fs = require("fs"); const [input] = process.argv.slice(1); const base = input.slice(0, -4);
       fs.writeFileSync(base + ".annot.vcf", "annotated " + fs.readFileSync(input).length); fs.writeFileSync(base + ".vcf.count.log", "Total: 1\\n")`,
    );
    await run(worker({ command }));
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
    await run(worker({ command }));
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
  await run(worker());
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
  await run(worker());
  const { ContentType, ServerSideEncryption } = await setting.s3.send(
    new GetObjectCommand({ Bucket: setting.resources.buckets.results, Key: (await setting.job(jobId)).logKey ?? "" }),
  );
  expect(ContentType).toBe("text/plain; charset=utf-8");
  expect(ServerSideEncryption).toBe("AES256");
});
