import { DEFAULT_EC2_SETTINGS } from "@elastic-gas/local-cloud/ec2/settings";
import { elasticFindings } from "./elastic-cpu-report.ts";
import type { ElasticRun, Phases } from "./elastic-run.ts";
import { type Request, runClients } from "./load.ts";
import type { ManagerApi } from "./manager-api.ts";
import { PHOTO_FILE, pageCall, photoCall, registerLoadUser } from "./photo-load.ts";
import type { Proof, ProofContext } from "./proof.ts";
import { isSettled, type ProofSystem, policySettings, startProofSystem } from "./proof-system.ts";
import { recordPool } from "./recorder.ts";

const INSTANCE_VCPUS = 0.2;
/**
 * In what one worker can take. With 70/30 and doubling, one and two workers are too few and four run at somewhat more
 * than half.
 */
const LOAD_WORKERS = 2.2;
/** Photos that may wait at one worker, in seconds of its work: an upload is refused when it would wait 20 s. */
const WAITING_SECONDS = 8;
const PAGES_PER_SECOND = 4;
const PAGE_CLIENTS = 8;
/** Enough that the worker never waits for the next one. */
const CALIBRATION_CLIENTS = 4;
/** Booting is not throttled for so long, and would look like capacity. */
const CREDIT_SECONDS = DEFAULT_EC2_SETTINGS.launchCreditSeconds + 5;

interface Durations {
  readonly periodSeconds: number;
  readonly warmUpSeconds: number;
  readonly calibrateSeconds: number;
  /** Without a change at constant load. */
  readonly settleSeconds: number;
  readonly growDeadlineSeconds: number;
  readonly shrinkDeadlineSeconds: number;
  readonly afterSeconds: number;
}

const FULL: Durations = {
  periodSeconds: 60,
  warmUpSeconds: 10,
  calibrateSeconds: 40,
  settleSeconds: 380,
  growDeadlineSeconds: 1_500,
  shrinkDeadlineSeconds: 1_200,
  afterSeconds: 60,
};
const QUICK: Durations = {
  periodSeconds: 5,
  warmUpSeconds: 5,
  calibrateSeconds: 20,
  settleSeconds: 45,
  growDeadlineSeconds: 400,
  shrinkDeadlineSeconds: 400,
  afterSeconds: 10,
};

export const elasticCpu: Proof = {
  name: "elastic-cpu",
  title: "A CPU-bound load grows the web pool and its end shrinks it, without a failed request",
  statement:
    "With the default policy, a step of constant load grows the web pool from 1 worker to what it needs, where it stays; when the load ends it is back at 1. Not one request fails, also none at a worker that leaves.",
  async run(context) {
    const durations = context.quick ? QUICK : FULL;
    await using proof = await startProofSystem(context, { LOCAL_INSTANCE_VCPUS: String(INSTANCE_VCPUS) });
    const recorder = recordPool(proof.manager, "web", {
      everyMs: context.quick ? 1_000 : 2_000,
      periodSeconds: durations.periodSeconds,
    });
    const requests: Request[] = [];
    const everything = new AbortController();
    const pages = runClients({
      kind: "page",
      clients: PAGE_CLIENTS,
      cycleMs: (PAGE_CLIENTS / PAGES_PER_SECOND) * 1_000,
      signal: everything.signal,
      call: pageCall(proof.system.userAppUrl),
      seen: (request) => void requests.push(request),
    });
    try {
      const phases = await runPhases(proof, context, { durations, requests });
      everything.abort();
      await pages;
      const recording = await recorder.stop();
      const { policy } = await proof.manager.policy("web");
      if (policy.kind !== "cpu") throw new Error(`The web pool has the policy ${policy.kind}.`);
      const run: ElasticRun = { ...phases, policy, requests, recording, ...(await readDecisions(proof)), durations };
      return elasticFindings(run, {
        quick: context.quick,
        settings: [
          ...(await policySettings(proof.manager, "web")),
          ...proof.settings,
          { label: "photo", value: PHOTO_FILE },
          { label: "light pages", value: `${PAGES_PER_SECOND} a second, all the time` },
          { label: "load", value: `${LOAD_WORKERS} workers' worth of photos` },
        ],
      });
    } finally {
      everything.abort();
      await recorder.stop();
    }
  },
};

interface Driving {
  readonly durations: Durations;
  readonly requests: Request[];
}

async function runPhases(proof: ProofSystem, { say }: ProofContext, driving: Driving): Promise<Phases> {
  const { manager, system, wait, sleep } = proof;
  const { durations } = driving;
  const startedAt = Date.now();
  await registerLoadUser(system.userAppUrl);
  await wait("one worker in service", () => isOne(manager), 300);
  say(`waiting ${CREDIT_SECONDS} s, until the worker has no launch credit left`);
  await sleep(CREDIT_SECONDS);

  await wait("one worker in service", () => isOne(manager), durations.shrinkDeadlineSeconds);
  // Paused: full CPU for the time of the calibration is not the load step that is to be shown.
  await manager.press("web", "pause");
  const calibratedFrom = Date.now();
  const perSecond = await calibrate(proof, driving);
  const calibratedTo = Date.now();
  say(`one worker takes ${perSecond.toFixed(2)} photos a second; waiting until its CPU shows no trace of that`);
  await sleep(durations.periodSeconds * 2.5);
  await manager.press("web", "resume");

  const clients = Math.max(4, Math.round(WAITING_SECONDS * perSecond));
  const cycleMs = (clients / (LOAD_WORKERS * perSecond)) * 1_000;
  const load = new AbortController();
  const loadOnAt = Date.now();
  say(`load on: ${clients} clients, each a photo every ${(cycleMs / 1_000).toFixed(1)} s`);
  const photos = runClients({
    kind: "photo",
    clients,
    cycleMs,
    signal: load.signal,
    call: photoCall(system.userAppUrl),
    seen: (request) => void driving.requests.push(request),
  });
  // A pool that does not settle, or does not come back, is a result as well.
  const problems: string[] = [];
  const note = (error: unknown) => {
    const problem = error instanceof Error ? error.message : String(error);
    say(problem);
    problems.push(problem);
  };
  await settle(proof, { say, seconds: durations.settleSeconds, deadlineSeconds: durations.growDeadlineSeconds }).catch(
    note,
  );
  load.abort();
  const loadOffAt = Date.now();
  await photos;
  say("load off");
  await wait("the pool to be back at 1", () => isOne(manager), durations.shrinkDeadlineSeconds).then(
    () => say("back at 1 worker"),
    note,
  );
  await sleep(durations.afterSeconds);
  const endedAt = Date.now();
  const instants = { startedAt, calibratedFrom, calibratedTo, loadOnAt, loadOffAt, endedAt };
  return { ...instants, perSecond, clients, cycleMs, problems };
}

async function isOne(manager: ManagerApi): Promise<boolean> {
  const pool = await manager.pool("web");
  return pool.desired === 1 && isSettled(pool);
}

/** Photos a second that one saturated worker takes beside the light pages. */
async function calibrate({ system, sleep }: ProofSystem, { durations, requests }: Driving): Promise<number> {
  const done: number[] = [];
  const stop = new AbortController();
  const running = runClients({
    kind: "calibration",
    clients: CALIBRATION_CLIENTS,
    cycleMs: 0,
    signal: stop.signal,
    call: photoCall(system.userAppUrl),
    seen: (request) => {
      done.push(request.sentAt + request.ms);
      requests.push(request);
    },
  });
  await sleep(durations.warmUpSeconds);
  const from = Date.now();
  await sleep(durations.calibrateSeconds);
  const to = Date.now();
  stop.abort();
  await running;
  const counted = done.filter((at) => at >= from && at < to).length;
  if (counted < 3) throw new Error(`Only ${counted} photos were taken in ${durations.calibrateSeconds} s.`);
  return counted / ((to - from) / 1_000);
}

/** Waits until the pool has grown, is complete, and has not changed for `seconds`. */
async function settle(
  { manager, wait }: ProofSystem,
  { say, seconds, deadlineSeconds }: { say: (line: string) => void; seconds: number; deadlineSeconds: number },
): Promise<void> {
  let shown = 1;
  let since: number | undefined;
  await wait(
    `the pool to settle for ${seconds} s`,
    async () => {
      const pool = await manager.pool("web");
      if (pool.desired !== shown) {
        say(pool.lastCheck?.sentence ?? `desired ${pool.desired}`);
        since = undefined;
        shown = pool.desired;
      }
      if (!isSettled(pool)) since = undefined;
      else since ??= Date.now();
      return pool.desired > 1 && since !== undefined && Date.now() - since >= seconds * 1_000;
    },
    deadlineSeconds,
  );
}

async function readDecisions({ db, manager }: ProofSystem): Promise<Pick<ElasticRun, "decisions" | "activities">> {
  const decisions = await db
    .selectFrom("decisions")
    .select(["at", "kind", "desiredAfter", "inService", "pending", "warming", "draining", "measured", "reason"])
    .where("pool", "=", "web")
    .orderBy("id")
    .execute();
  const activities = await manager.activities("web");
  return {
    decisions: decisions.map((row) => ({ ...row, at: row.at.getTime() })),
    activities: activities.map((row) => ({
      ...row,
      at: Date.parse(row.at),
      finishedAt: row.finishedAt === null ? null : Date.parse(row.finishedAt),
    })),
  };
}
