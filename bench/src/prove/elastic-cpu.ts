import { elasticFindings } from "./elastic-cpu-report.ts";
import type { ElasticRun, Phases } from "./elastic-run.ts";
import type { Request } from "./load.ts";
import {
  CREDIT_SECONDS,
  calibrate,
  isOne,
  loadPages,
  loadPhotos,
  PAGES_PER_SECOND,
  readDecisions,
  settle,
} from "./load-step.ts";
import { PHOTO_FILE, registerLoadUser } from "./photo-load.ts";
import type { Proof, ProofContext } from "./proof.ts";
import { type ProofSystem, policySettings, startProofSystem } from "./proof-system.ts";
import { recordPool } from "./recorder.ts";

const INSTANCE_VCPUS = 0.2;
/**
 * In what one worker can take. With 70/30 and doubling, one and two workers are too few and four run at somewhat more
 * than half.
 */
const LOAD_WORKERS = 2.2;

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
    const pages = loadPages(proof, (request) => void requests.push(request));
    try {
      const phases = await runPhases(proof, context, { durations, requests });
      await pages.stop();
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
      await pages.stop();
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
  const seen = (request: Request) => void driving.requests.push(request);
  const startedAt = Date.now();
  await registerLoadUser(system.userAppUrl);
  await wait("one worker in service", () => isOne(manager), 300);
  say(`waiting ${CREDIT_SECONDS} s, until the worker has no launch credit left`);
  await sleep(CREDIT_SECONDS);

  await wait("one worker in service", () => isOne(manager), durations.shrinkDeadlineSeconds);
  // Paused: full CPU for the time of the calibration is not the load step that is to be shown.
  await manager.press("web", "pause");
  const calibratedFrom = Date.now();
  const perSecond = await calibrate(proof, durations, seen);
  const calibratedTo = Date.now();
  say(`one worker takes ${perSecond.toFixed(2)} photos a second; waiting until its CPU shows no trace of that`);
  await sleep(durations.periodSeconds * 2.5);
  await manager.press("web", "resume");

  const loadOnAt = Date.now();
  const photos = loadPhotos(proof, { workers: LOAD_WORKERS, perSecond, seen });
  const { clients, cycleMs } = photos;
  say(`load on: ${clients} clients, each a photo every ${(cycleMs / 1_000).toFixed(1)} s`);
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
  const loadOffAt = Date.now();
  await photos.stop();
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
