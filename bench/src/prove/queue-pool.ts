import type { Proof } from "./proof.ts";
import { isSettled, type ProofSystem, policySettings, startProofSystem } from "./proof-system.ts";
import { queueFindings } from "./queue-pool-report.ts";
import type { Job, QueueRun } from "./queue-run.ts";
import { recordPool } from "./recorder.ts";
import {
  countRecords,
  download,
  mailsTo,
  makeUser,
  resultLink,
  sampleVcf,
  submitVcf,
  type VcfUser,
} from "./vcf-user.ts";

const INSTANCE_VCPUS = 0.2;
const SAMPLE = "grch38.vcf";
const USERS = 10;
/** Work for the smallest pool, in seconds: long enough to grow several times. */
const BURST_SECONDS = { full: 480, quick: 60 };
const JOBS = { least: 60, most: 600 };
const MEASURED_JOBS = 4;
const MAIL_SECONDS = 180;
const DEADLINE_SECONDS = 3_000;

export const queuePool: Proof = {
  name: "queue-pool",
  title: "A burst of jobs grows the annotator pool by its queue, and every job is done exactly once",
  statement:
    "Many VCF files at once grow the annotator pool by the queue rule; each job is completed once, its owner gets one mail and a result with as many records as the file had. Then idle workers, and only those, leave until the minimum is there again.",
  async run(context) {
    const { quick, say } = context;
    await using proof = await startProofSystem(context, { LOCAL_INSTANCE_VCPUS: String(INSTANCE_VCPUS) });
    const { manager, wait } = proof;
    await wait("all pools to be complete", async () => (await manager.pools()).every(isSettled), 300);
    // Premium: results stay, so that every one can be read in the end.
    const users: VcfUser[] = [];
    for (let number = 1; number <= USERS; number += 1)
      users.push(await makeUser(proof, { username: `reader-${number}`, role: "premium_user" }));
    const recorder = recordPool(manager, "annotator", {
      everyMs: quick ? 1_000 : 2_000,
      periodSeconds: quick ? 5 : 60,
    });
    try {
      const startedAt = Date.now();
      const content = sampleVcf(SAMPLE);
      const secondsOfOne = await measureJob(proof, users, content);
      const { min } = await manager.pool("annotator");
      const wanted = Math.ceil((min * BURST_SECONDS[quick ? "quick" : "full"]) / secondsOfOne);
      const count = Math.min(JOBS.most, Math.max(JOBS.least, wanted));
      say(`a job takes ${secondsOfOne.toFixed(1)} s; sending ${count} at once`);

      const burstAt = Date.now();
      const sent = await sendBurst(users, content, count);
      const sentAt = Date.now();
      say(`sent in ${Math.round((sentAt - burstAt) / 1_000)} s`);
      await wait("all jobs to end", () => allEnded(proof, [...sent.keys()]), DEADLINE_SECONDS);
      say("all jobs have ended; waiting for the pool to be back at its minimum");
      await wait(
        "the pool to be back at its minimum",
        async () => {
          const pool = await manager.pool("annotator");
          return pool.desired === pool.min && isSettled(pool);
        },
        DEADLINE_SECONDS,
      );
      const endedAt = Date.now();
      const recording = await recorder.stop();
      const jobs = await inspect(proof, sent, countRecords(content));
      const run: QueueRun = {
        ...{ startedAt, burstAt, sentAt, endedAt, secondsOfOne, min, jobs, recording },
        activities: (await manager.activities("annotator")).filter(({ at }) => Date.parse(at) >= startedAt),
        deadLetters: (await proof.db.selectFrom("deadLetters").select("id").execute()).length,
        unsent: (await proof.db.selectFrom("outbox").select("id").where("sentAt", "is", null).execute()).length,
      };
      return queueFindings(run, [
        ...(await policySettings(manager, "annotator")),
        ...proof.settings,
        { label: "file", value: `${SAMPLE}, ${countRecords(content)} records` },
      ]);
    } finally {
      await recorder.stop();
    }
  },
};

async function allEnded({ db }: ProofSystem, ids: readonly string[]): Promise<boolean> {
  const rows = await db.selectFrom("jobs").select("status").where("id", "in", ids).execute();
  return rows.every(({ status }) => status === "COMPLETED" || status === "FAILED");
}

/** Seconds of one job, from its claim to its end, on workers with nothing else to do. */
async function measureJob(proof: ProofSystem, users: readonly VcfUser[], content: string): Promise<number> {
  const ids: string[] = [];
  for (const user of users.slice(0, MEASURED_JOBS)) {
    const id = await submitVcf(user, "first.vcf", content);
    await proof.wait("the first jobs to end", () => allEnded(proof, [id]), 300);
    ids.push(id);
  }
  const rows = await proof.db.selectFrom("jobs").select(["startedAt", "completedAt"]).where("id", "in", ids).execute();
  const times = rows.flatMap(({ startedAt, completedAt }) =>
    startedAt === null || completedAt === null ? [] : [completedAt.getTime() - startedAt.getTime()],
  );
  return Math.max(0.1, times.reduce((sum, ms) => sum + ms, 0) / times.length / 1_000);
}

/** Every user sends his files one after the other, all users at the same time. */
async function sendBurst(users: readonly VcfUser[], content: string, count: number) {
  const names = Array.from({ length: count }, (_, index) => `burst-${index + 1}.vcf`);
  const sent = new Map<string, VcfUser>();
  await Promise.all(
    users.map(async (user) => {
      for (let name = names.pop(); name !== undefined; name = names.pop())
        sent.set(await submitVcf(user, name, content), user);
    }),
  );
  return sent;
}

/** Every job as its owner sees it: state, mails, and the records of the result. */
async function inspect(
  proof: ProofSystem,
  sent: ReadonlyMap<string, VcfUser>,
  records: number,
): Promise<readonly Job[]> {
  const rows = await proof.db
    .selectFrom("jobs")
    .select(["id", "status", "attempt", "submittedAt", "startedAt", "completedAt"])
    .where("id", "in", [...sent.keys()])
    .execute();
  const owners = [...new Set(sent.values())];
  const texts = new Map<VcfUser, readonly string[]>();
  for (const user of owners) {
    const ids = [...sent].flatMap(([id, owner]) => (owner === user ? [id] : []));
    // The last mails may still be on their way.
    const allMailed = async () => {
      const mails = (await mailsTo(proof, user.email)).map(({ text }) => text);
      return ids.every((id) => mails.some((text) => text.includes(id))) && mails;
    };
    texts.set(user, await proof.wait(`the mails to ${user.email}`, allMailed, MAIL_SECONDS));
  }
  const jobs: Job[] = [];
  for (const row of rows) {
    const owner = sent.get(row.id);
    if (owner === undefined) throw new Error(`Job ${row.id} has no owner.`);
    const link = await resultLink(owner, row.id);
    const result = link === undefined ? undefined : await download(link);
    jobs.push({
      id: row.id,
      status: row.status,
      attempt: row.attempt,
      submittedAt: row.submittedAt.getTime(),
      startedAt: row.startedAt?.getTime() ?? null,
      completedAt: row.completedAt?.getTime() ?? null,
      mails: (texts.get(owner) ?? []).filter((text) => text.includes(row.id)).length,
      hasAllRecords: result?.status === 200 && countRecords(result.text) === records,
    });
  }
  return jobs;
}
