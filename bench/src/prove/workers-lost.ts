import { setTimeout as sleep } from "node:timers/promises";
import { POOL_NAMES, type PoolName } from "@elastic-gas/shared/resources";
import { killInstances } from "./instance-processes.ts";
import type { Worker } from "./manager-api.ts";
import type { Check, Findings, Proof, ProofContext } from "./proof.ts";
import { isSettled, type ProofSystem, startProofSystem } from "./proof-system.ts";
import { makeUser, sampleVcf, submitVcf, type VcfUser } from "./vcf-user.ts";
import { table, timeSpan } from "./words.ts";

const ROUNDS = { full: 3, quick: 1 };
const JOBS_PER_ROUND = 6;
const TICK_SECONDS = { full: 60, quick: 5 };
const COME_UP_SECONDS = 300;
const BACK_SECONDS = 600;

/** One pool after everything was killed; times from the kill, milliseconds. */
interface PoolBack {
  readonly pool: PoolName;
  readonly workers: number;
  /** Until all of its workers are new ones, in service. */
  readonly backMs: number;
  /** Longest time from launch to in service of the new workers. */
  readonly bootMs: number;
  /** The launches came this long after the kill. */
  readonly launchedMs: number;
}

interface Round {
  readonly processes: number;
  readonly pools: readonly PoolBack[];
  /** Until the load balancer served a page again. */
  readonly pageMs: number;
  /** Until the jobs that were under way had all ended. */
  readonly jobsMs: number;
  readonly jobsCompleted: number;
  /** Jobs that another worker began and lost. */
  readonly takenOver: number;
}

export const workersLost: Proof = {
  name: "workers-lost",
  title: "All workers of all pools are killed at once and come back by themselves",
  statement:
    "kill -9 of every process of every worker, with annotation jobs under way: within two ticks and the boot time every pool has all its workers in service again, and every job ends well. Nobody touches anything.",
  async run(context) {
    const form = context.quick ? "quick" : "full";
    await using proof = await startProofSystem(context);
    await complete(proof);
    context.say(await proof.manager.press("web", "grow"));
    await complete(proof);
    const user = await makeUser(proof, { username: "reader", role: "premium_user" });
    const rounds: Round[] = [];
    for (let number = 1; number <= ROUNDS[form]; number += 1) {
      rounds.push(await loseAll(proof, user, context));
      await complete(proof);
    }
    return findingsOf(rounds, TICK_SECONDS[form], proof);
  },
};

async function complete({ manager, wait }: ProofSystem): Promise<void> {
  await wait("all pools to be complete", async () => (await manager.pools()).every(isSettled), COME_UP_SECONDS);
}

async function loseAll(proof: ProofSystem, user: VcfUser, { say }: ProofContext): Promise<Round> {
  const { manager, system, db } = proof;
  const content = sampleVcf("grch38.vcf");
  const jobs: string[] = [];
  for (let number = 1; number <= JOBS_PER_ROUND; number += 1)
    jobs.push(await submitVcf(user, `sample-${number}.vcf`, content));
  const before = await everyWorker(proof);
  const killedAt = Date.now();
  const processes = killInstances(system.dataDir);
  say(`killed ${processes} processes of ${[...before.values()].flat().length} workers`);
  const since = () => Date.now() - killedAt;

  const poolBack = async (pool: PoolName): Promise<PoolBack> => {
    const old = new Set((before.get(pool) ?? []).map(({ id }) => id));
    const fresh = await proof.wait(
      `the ${pool} pool to be back`,
      async () => {
        const { desired } = await manager.pool(pool);
        const serving = (await manager.workers(pool)).filter(
          // The autoscaler's word for it as well: it notes when each came into service.
          ({ id, state, inServiceAt }) => !old.has(id) && state === "in service" && inServiceAt !== null,
        );
        return serving.length >= desired && serving;
      },
      BACK_SECONDS,
    );
    const backMs = since();
    say(`${pool}: ${fresh.length} in service again after ${timeSpan(backMs)}`);
    const boots = fresh.map(({ launchedAt, inServiceAt }) => Date.parse(inServiceAt ?? "") - Date.parse(launchedAt));
    const launches = fresh.map(({ launchedAt }) => Date.parse(launchedAt) - killedAt);
    return { pool, workers: fresh.length, backMs, bootMs: Math.max(...boots), launchedMs: Math.max(...launches) };
  };
  const pageBack = async (): Promise<number> => {
    await sleep(1_000); // a request of the last moment could still be answered
    await proof.wait("a page behind the balancer", () => isServed(`${system.userAppUrl}/login`), BACK_SECONDS);
    return since();
  };
  const jobsDone = async () => {
    const ended = await proof.wait(
      "the jobs to end",
      async () => {
        const rows = await db.selectFrom("jobs").select(["status", "attempt"]).where("id", "in", jobs).execute();
        return rows.every(({ status }) => status === "COMPLETED" || status === "FAILED") && rows;
      },
      BACK_SECONDS,
    );
    const jobsCompleted = ended.filter(({ status }) => status === "COMPLETED").length;
    return { jobsMs: since(), jobsCompleted, takenOver: ended.filter(({ attempt }) => attempt > 1).length };
  };
  const [pageMs, ended, ...pools] = await Promise.all([pageBack(), jobsDone(), ...POOL_NAMES.map(poolBack)]);
  return { processes, pools, pageMs, ...ended };
}

async function everyWorker({ manager }: ProofSystem): Promise<ReadonlyMap<PoolName, readonly Worker[]>> {
  return new Map(await Promise.all(POOL_NAMES.map(async (pool) => [pool, await manager.workers(pool)] as const)));
}

async function isServed(url: string): Promise<boolean> {
  const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(5_000) });
  await response.text();
  return response.status === 200;
}

function findingsOf(rounds: readonly Round[], tickSeconds: number, proof: ProofSystem): Findings {
  const all = rounds.flatMap(({ pools }) => pools);
  const allowedMs = ({ bootMs }: PoolBack) => 2 * tickSeconds * 1_000 + bootMs;
  const longest = (values: readonly number[]) => timeSpan(Math.max(...values));
  const checks: readonly Check[] = [
    ...POOL_NAMES.map((pool) => {
      const own = all.filter((back) => back.pool === pool);
      return {
        what: `the ${pool} pool is back within 2 ticks and the boot time, ${rounds.length} times of ${rounds.length}`,
        measured: own.map((back) => `${timeSpan(back.backMs)} of ${timeSpan(allowedMs(back))}`).join(", "),
        ok: own.length === rounds.length && own.every((back) => back.backMs <= allowedMs(back)),
      };
    }),
    {
      what: `the ${JOBS_PER_ROUND} jobs under way end well each time`,
      measured: rounds
        .map(
          ({ jobsMs, jobsCompleted, takenOver }) =>
            `${jobsCompleted} after ${timeSpan(jobsMs)}, ${takenOver} taken over`,
        )
        .join("; "),
      ok: rounds.every(({ jobsCompleted }) => jobsCompleted === JOBS_PER_ROUND),
    },
  ];
  const rows = rounds.flatMap((round, index) =>
    round.pools.map((back) => [
      index + 1,
      back.pool,
      back.workers,
      timeSpan(back.launchedMs),
      timeSpan(back.bootMs),
      timeSpan(back.backMs),
      timeSpan(allowedMs(back)),
    ]),
  );
  return {
    checks,
    figures: [
      ...POOL_NAMES.map((pool) => ({
        label: `${pool} back after at most`,
        value: longest(all.filter((back) => back.pool === pool).map(({ backMs }) => backMs)),
      })),
      { label: "pages served again after at most", value: longest(rounds.map(({ pageMs }) => pageMs)) },
      { label: "jobs under way done after at most", value: longest(rounds.map(({ jobsMs }) => jobsMs)) },
      { label: "rounds", value: String(rounds.length) },
      { label: "processes killed", value: rounds.map(({ processes }) => processes).join(", ") },
    ],
    settings: proof.settings,
    details: [
      "## By pool",
      "Times from the kill. Boot is from the launch to in service, the longest of the pool's new workers.",
      table(["round", "pool", "workers", "launched", "boot", "all in service", "allowed"], rows, { numbers: true }),
    ].join("\n\n"),
    data: { tickSeconds, rounds },
  };
}
