import { resourcesOf } from "@elastic-gas/shared/resources";
import { pause } from "@elastic-gas/shared/shutdown";
import { expectStatus } from "@elastic-gas/start/demo/form-browser";
import { z } from "zod";
import { listMails } from "../faults/final-listing.ts";
import { type ForeignAnswer, foreignRequests, sendForeign } from "./foreign-requests.ts";
import { type ThriceJob, type ThriceRun, thriceFindings } from "./jobs-thrice-report.ts";
import { COPIED_QUEUES, copyMessages } from "./message-copies.ts";
import type { Proof, ProofContext } from "./proof.ts";
import { isSettled, type ProofSystem, startProofSystem } from "./proof-system.ts";
import { outsideQueues } from "./queue-copies.ts";
import { type StoredFiles, storedFiles } from "./stored-files.ts";
import { makeToken, makeUser, type VcfUser } from "./vcf-user.ts";
import { countCompleted, killAfterStatus, killAfterUpload, killBusyWorkers, type WorkerKill } from "./worker-kills.ts";

const JOBS = { full: 1_000, quick: 100 };
const USERS = { full: 20, quick: 4 };
const RETENTION_SECONDS = { full: 300, quick: 20 };
/** Each message is delivered once by the outbox and so many times more. */
const COPIES = 2;
const COME_UP_SECONDS = 300;
const END_SECONDS = 3_000;
const INTRUDE_EVERY_MS = 2_000;
const VCF = [
  "##fileformat=VCFv4.3",
  "##reference=GRCh38",
  "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
  "chr7\t117559590\t.\tATCT\tA\t60\tPASS\t.",
  "chr17\t43106487\t.\tA\tC\t60\tPASS\t.",
  "",
].join("\n");
const Submitted = z.object({ id: z.uuid() });

interface Submitter extends VcfUser {
  readonly token: string;
  readonly isFree: boolean;
}

export const jobsThrice: Proof = {
  name: "jobs-thrice",
  title: "Jobs whose messages come three times each, while workers are killed, end with one result and one mail each",
  statement:
    "Every message about a job (request, result, archive) is delivered three times. Annotator workers are killed by kill -9 at 10, 50 and 90 % of the jobs, once between the upload of a result and the change of status, and once between that and the deletion of the message. Meanwhile another user asks for everything that can be asked about these jobs.",
  async run(context) {
    const form = context.quick ? "quick" : "full";
    await using proof = await startProofSystem(context, {
      FREE_RETENTION_SECONDS: String(RETENTION_SECONDS[form]),
      // Its archives can be listed one by one.
      ARCHIVE_DRIVER: "s3-glacier",
    });
    const { manager, wait } = proof;
    await wait("all pools to be complete", async () => (await manager.pools()).every(isSettled), COME_UP_SECONDS);
    // Lost workers are replaced; more of them are not what is proven, and would make the killed ones few among many.
    context.say(await manager.press("annotator", "pause"));
    const users = await makeSubmitters(proof, USERS[form]);
    using files = await storedFiles(proof.system);
    const stop = new AbortController();
    try {
      const copier = await copyMessages(proof, { copies: COPIES, signal: stop.signal, say: context.say });
      const intruder = await startIntruder(proof, { signal: stop.signal, say: context.say });
      const startedAt = Date.now();
      const submitting = submitAll(proof, users, JOBS[form]);
      const killing = killOnTheWay(proof, { users, files, jobs: JOBS[form], submitting }, context);
      const [, kills] = await Promise.all([submitting, killing]);
      await wait("all jobs to end, with their mails", () => allEnded(proof, JOBS[form]), END_SECONDS);
      const endedAt = Date.now();
      context.say("all jobs have ended; waiting for the archive");
      await wait("the Free users' results to be archived", () => allArchived(proof), END_SECONDS);
      await wait("the queues to be empty", () => queuesAreEmpty(proof), END_SECONDS);
      stop.abort();
      await Promise.all([copier.ended, intruder.ended]);
      const run: ThriceRun = {
        ...{ startedAt, endedAt, kills, jobCount: JOBS[form], copies: COPIES },
        jobs: await inspect(proof, files),
        copied: copier.copied(),
        foreign: intruder.answers,
        deadLetters: (await proof.db.selectFrom("deadLetters").select("id").execute()).length,
      };
      return thriceFindings(run, proof.settings);
    } finally {
      stop.abort();
    }
  },
};

async function makeSubmitters(proof: ProofSystem, count: number): Promise<readonly Submitter[]> {
  const users: Submitter[] = [];
  for (let number = 1; number <= count; number += 1) {
    // Half of them are Free: their results are archived when their time is over.
    const isFree = number > count / 2;
    const user = await makeUser(proof, { username: `reader-${number}`, role: isFree ? "free_user" : "premium_user" });
    users.push({ ...user, isFree, token: await makeToken(user) });
  }
  return users;
}

/** Each user sends an equal share by the API, one file after the other. */
async function submitAll({ system }: ProofSystem, users: readonly Submitter[], jobs: number): Promise<void> {
  const submit = async ({ token }: Submitter, name: string) => {
    const response = await fetch(`${system.userAppUrl}/api/v1/annotations?filename=${name}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "text/plain", "idempotency-key": name },
      body: VCF,
      signal: AbortSignal.timeout(90_000),
    });
    const text = await response.text();
    expectStatus({ status: response.status, text }, 202, `Sending ${name}`);
    return Submitted.parse(JSON.parse(text)).id;
  };
  await Promise.all(
    users.map(async (user, index) => {
      for (let number = index; number < jobs; number += users.length) await submit(user, `sample-${number}.vcf`);
    }),
  );
}

async function killOnTheWay(
  proof: ProofSystem,
  {
    users: [user],
    files,
    jobs,
    submitting,
  }: {
    readonly users: readonly Submitter[];
    readonly files: StoredFiles;
    readonly jobs: number;
    readonly submitting: Promise<void>;
  },
  { say }: ProofContext,
): Promise<readonly WorkerKill[]> {
  const userId = user?.id ?? 0;
  const kills: WorkerKill[] = [];
  const note = (kill: WorkerKill) => {
    kills.push(kill);
    say(
      `kill -9 ${kill.moment}: ${kill.workers.length} workers, ${kill.inHand.length} jobs in hand, ${kill.completed} completed`,
    );
  };
  const reach = (percent: number) =>
    proof.wait(
      `${percent} % of the jobs`,
      async () => (await countCompleted(proof)) >= (jobs * percent) / 100,
      END_SECONDS,
    );
  await reach(10);
  note(await killBusyWorkers(proof, "at 10 %"));
  // The user's row is held for the next ones, which a submission would wait for.
  await submitting;
  note(await killAfterUpload(proof, { userId, files }));
  await reach(50);
  note(await killBusyWorkers(proof, "at 50 %"));
  note(await killAfterStatus(proof, { userId, files }));
  await reach(90);
  note(await killBusyWorkers(proof, "at 90 %"));
  return kills;
}

interface Intruder {
  readonly answers: readonly ForeignAnswer[];
  readonly ended: Promise<void>;
}

/** A user without jobs who asks for everything about those of others, a random one each time. */
async function startIntruder(
  proof: ProofSystem,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<Intruder> {
  const user = await makeUser(proof, { username: "intruder", role: "premium_user" });
  const own = { browser: user.browser, token: await makeToken(user) };
  const { buckets } = resourcesOf({ PREFIX: proof.system.prefix });
  const answers: ForeignAnswer[] = [];
  const round = async () => {
    const job = await proof.db
      .selectFrom("jobs")
      .select(["id", "inputKey", "resultKey", "logKey"])
      .orderBy(({ fn }) => fn("rand"))
      .limit(1)
      .executeTakeFirst();
    if (job === undefined) return;
    for (const request of foreignRequests(job, buckets)) {
      if (signal.aborted) return;
      answers.push(await sendForeign(proof.system, own, request));
    }
  };
  const loop = async () => {
    while (!signal.aborted) {
      await round().catch((error: unknown) => say(`no jobs to ask for: ${String(error)}`));
      await pause(INTRUDE_EVERY_MS, signal);
    }
  };
  return { answers, ended: loop() };
}

async function allEnded({ db }: ProofSystem, count: number): Promise<boolean> {
  const rows = await db.selectFrom("jobs").select(["status", "notifiedAt"]).execute();
  return (
    rows.length >= count &&
    rows.every(({ status, notifiedAt }) => (status === "COMPLETED" || status === "FAILED") && notifiedAt !== null)
  );
}

async function allArchived({ db }: ProofSystem): Promise<boolean> {
  const left = await db
    .selectFrom("jobs")
    .innerJoin("users", "users.id", "jobs.userId")
    .select("jobs.id")
    .where("users.role", "=", "free_user")
    .where("jobs.status", "=", "COMPLETED")
    .where("archiveState", "<>", "archived")
    .execute();
  const deletes = await db.selectFrom("pendingDeletes").select("name").execute();
  return left.length + deletes.length === 0;
}

async function queuesAreEmpty({ system }: ProofSystem): Promise<boolean> {
  using queues = await outsideQueues(system);
  const counts = await Promise.all(COPIED_QUEUES.map((queue) => queues.count(queue)));
  return counts.every((count) => count === 0);
}

/** Every job with what there is of it in buckets and mails. */
async function inspect({ db, system }: ProofSystem, files: StoredFiles): Promise<readonly ThriceJob[]> {
  const [rows, results, archives, mails] = await Promise.all([
    db
      .selectFrom("jobs")
      .innerJoin("users", "users.id", "jobs.userId")
      .select(["jobs.id", "status", "attempt", "resultKey", "resultSha256", "users.role", "users.email"])
      .execute(),
    files.keys("results"),
    files.keys("archive"),
    listMails(system.cloudUrl),
  ]);
  const jobs: ThriceJob[] = [];
  for (const { id, status, attempt, resultKey, resultSha256, role, email } of rows) {
    const objects = results.filter((key) => key.includes(id));
    jobs.push({
      ...{ id, status, attempt },
      isFree: role === "free_user",
      results: objects.filter((key) => !key.endsWith(".log")).length,
      logs: objects.filter((key) => key.endsWith(".log")).length,
      archives: archives.filter((key) => key.includes(id)).length,
      mails: mails.filter(({ jobId }) => jobId === id).map(({ to }) => to),
      email: email ?? "",
      isWhole: resultKey === null ? null : (await files.sha256("results", resultKey)) === resultSha256,
    });
  }
  return jobs;
}
