import { readDecisionRecord } from "@elastic-gas/scaling/decision";
import { AdaptivePolicy } from "@elastic-gas/scaling/policy";
import { type AdaptiveDecision, type AdaptiveRun, adaptiveFindings, type Step } from "./adaptive-steps-report.ts";
import type { Request } from "./load.ts";
import { CREDIT_SECONDS, calibrate, isOne, loadPages, loadPhotos, readDecisions } from "./load-step.ts";
import { PHOTO_FILE, registerLoadUser } from "./photo-load.ts";
import type { Proof, ProofContext } from "./proof.ts";
import { type ProofSystem, policySettings, startProofSystem } from "./proof-system.ts";
import { recordPool } from "./recorder.ts";

/** In what one worker can take. */
const STEP_WORKERS = 1.5;
/** The low load: it leaves one worker nearly idle. */
const PAGES_PER_SECOND = 1;
const POLICY = AdaptivePolicy.parse({ kind: "adaptive" });
/** Workers that carry the step at the service level. */
const NEED = Math.ceil(STEP_WORKERS / (POLICY.serviceLevelPercent / 100));
const START_SECONDS = 300;
const BACK_SECONDS = 300;
/**
 * From the end of a load, in minutes of the rule, at least until it is asked whether one worker will do: of the two
 * whole minutes that it looks at, the load then filled less than half of one.
 */
const CALM_MINUTES = 1.6;
/** Its workers' points of the last minute are there. */
const AFTER_MINUTE_SECONDS = 1.5;
const MOST_RESTS = 4;

interface Durations {
  readonly rounds: number;
  /** The rule's minute, its checks and the workers' points. */
  readonly minuteSeconds: number;
  readonly checkSeconds: number;
  readonly metricPeriodSeconds: number;
  readonly warmUpSeconds: number;
  readonly calibrateSeconds: number;
  /** A step without all its workers by then has failed. */
  readonly stepDeadlineSeconds: number;
}

const FULL: Durations = {
  rounds: 10,
  minuteSeconds: 60,
  checkSeconds: 10,
  metricPeriodSeconds: 60,
  warmUpSeconds: 5,
  calibrateSeconds: 25,
  stepDeadlineSeconds: 180,
};
const QUICK: Durations = {
  rounds: 2,
  minuteSeconds: 20,
  checkSeconds: 5,
  metricPeriodSeconds: 5,
  warmUpSeconds: 5,
  calibrateSeconds: 20,
  stepDeadlineSeconds: 180,
};

export const adaptiveSteps: Proof = {
  name: "adaptive-steps",
  title: "The adaptive rule answers a step of load within 30 s, and its workers serve within 60 s",
  statement:
    "The web pool rests at one worker under the adaptive policy; then 1.5 workers' worth of photos come at once, which nothing foretold. From the first of them to the decision to grow it takes at most 30 s, and to all wanted workers in service at most 60 s (95th percentile of 10 steps). Not one request fails.",
  async run(context) {
    const durations = context.quick ? QUICK : FULL;
    // Its own quick minute: with one of 5 s the rule would know hours of steps after the first.
    const minute = String(durations.minuteSeconds);
    await using proof = await startProofSystem(context, { RULE_MINUTE_SECONDS: minute });
    const requests: Request[] = [];
    const seen = (request: Request) => void requests.push(request);
    const pages = loadPages(proof, seen, PAGES_PER_SECOND);
    try {
      const perSecond = await measureOneWorker(proof, context, durations, seen);
      const run = await runSteps(proof, context, { durations, perSecond, requests });
      return adaptiveFindings(run, {
        perSecond,
        stepWorkers: STEP_WORKERS,
        need: NEED,
        rounds: durations.rounds,
        settings: [
          ...(await policySettings(proof.manager, "web")),
          ...proof.settings,
          { label: "photo", value: PHOTO_FILE },
          { label: "light pages", value: `${PAGES_PER_SECOND} a second, all the time` },
          { label: "step", value: `${STEP_WORKERS} workers' worth of photos` },
        ],
      });
    } finally {
      await pages.stop();
    }
  },
};

async function measureOneWorker(
  proof: ProofSystem,
  { say }: ProofContext,
  durations: Durations,
  seen: (request: Request) => void,
): Promise<number> {
  const { manager, system, sleep, wait } = proof;
  await registerLoadUser(system.userAppUrl);
  await wait("one worker in service", () => isOne(manager), START_SECONDS);
  await manager.savePolicy("web", POLICY);
  await manager.press("web", "pause");
  const launchedAt = Math.max(...(await manager.workers("web")).map((worker) => Date.parse(worker.launchedAt)));
  const left = CREDIT_SECONDS - (Date.now() - launchedAt) / 1_000;
  say(`waiting ${Math.max(0, left).toFixed(0)} s, until the worker has no launch credit left`);
  await sleep(Math.max(0, left));
  const perSecond = await calibrate(proof, durations, seen);
  say(`one worker takes ${perSecond.toFixed(2)} photos a second`);
  return perSecond;
}

interface Driving {
  readonly durations: Durations;
  readonly perSecond: number;
  readonly requests: Request[];
}

async function runSteps(proof: ProofSystem, context: ProofContext, driving: Driving): Promise<AdaptiveRun> {
  const { durations, requests } = driving;
  const startedAt = Date.now();
  const recorder = recordPool(proof.manager, "web", { everyMs: 1_000, periodSeconds: durations.metricPeriodSeconds });
  try {
    const steps: Step[] = [];
    let calmSince = startedAt;
    for (let number = 1; number <= durations.rounds; number += 1) {
      await rest(proof, context, durations, calmSince);
      // The steps begin at all phases of the check.
      await proof.sleep(((number - 0.5) / durations.rounds) * durations.checkSeconds);
      const step = await oneStep(proof, context, driving, number);
      steps.push(step);
      calmSince = step.loadOffAt;
    }
    const endedAt = Date.now();
    const recording = await recorder.stop();
    const within = ({ at }: { readonly at: number }) => at >= startedAt && at < endedAt;
    return {
      ...{ startedAt, endedAt, steps, recording },
      durations: { periodSeconds: durations.checkSeconds },
      decisions: (await decisionsSince(proof, startedAt)).filter(within),
      activities: (await readDecisions(proof)).activities.filter(within),
      requests: requests.filter(({ sentAt }) => sentAt >= startedAt && sentAt < endedAt),
    };
  } finally {
    await recorder.stop();
  }
}

/** Brings the pool back to one worker by hand, with the rule paused, and waits until the rule itself wants no more. */
async function rest(
  { db, manager, wait, sleep }: ProofSystem,
  { say }: ProofContext,
  { minuteSeconds, checkSeconds }: Durations,
  since: number,
): Promise<void> {
  const minuteMs = minuteSeconds * 1_000;
  let calmSince = since;
  for (let count = 0; count < MOST_RESTS; count += 1) {
    await manager.press("web", "pause");
    if ((await manager.pool("web")).desired > 1) await manager.resize("web", "shrink", 1);
    await wait("the pool to be back at 1", () => isOne(manager), BACK_SECONDS);
    const minute = Math.ceil((calmSince + CALM_MINUTES * minuteMs) / minuteMs) * minuteMs;
    await sleep(Math.max(0, (minute - Date.now()) / 1_000 + AFTER_MINUTE_SECONDS));
    const resumedAt = Date.now();
    await manager.press("web", "resume");
    const check = await wait(
      "a check by the rule",
      async () => (await decisionsSince({ db }, resumedAt)).find(({ wanted }) => wanted !== null),
      5 * checkSeconds + 60,
    );
    if (check.desiredAfter === 1 && check.wanted === 1) return;
    say(`not at rest yet: ${check.reason}`);
    calmSince = Date.now();
  }
  throw new Error(`The rule wanted more than one worker at rest, ${MOST_RESTS} times.`);
}

async function oneStep(
  proof: ProofSystem,
  { say }: ProofContext,
  { durations, perSecond, requests }: Driving,
  number: number,
): Promise<Step> {
  const { wait } = proof;
  const before = (await decisionsSince(proof, Date.now() - 5 * durations.checkSeconds * 1_000)).at(-1);
  const stepAt = Date.now();
  const seen = (request: Request) => void requests.push(request);
  const photos = loadPhotos(proof, { workers: STEP_WORKERS, perSecond, seen });
  try {
    await wait(
      "all wanted workers",
      async () => (await lookAt(proof, stepAt)).inServiceAt,
      durations.stepDeadlineSeconds,
    )
      // A step that is not answered is a result as well.
      .catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));
  } finally {
    await photos.stop();
  }
  const loadOffAt = Date.now();
  const answer = await lookAt(proof, stepAt);
  const after = (at: number | null) => (at === null ? "never" : `after ${((at - stepAt) / 1_000).toFixed(1)} s`);
  say(`step ${number}: decided ${after(answer.decidedAt)}, ${answer.wanted} in service ${after(answer.inServiceAt)}`);
  return { ...answer, number, stepAt, loadOffAt, loadBefore: before?.load ?? null };
}

/** What has become of a step that began at one worker. */
async function lookAt(
  proof: Pick<ProofSystem, "db">,
  stepAt: number,
): Promise<Pick<Step, "decidedAt" | "inServiceAt" | "wanted" | "reason">> {
  const first = (await decisionsSince(proof, stepAt)).find(({ kind }) => kind === "grow");
  const launched = await proof.db
    .selectFrom("workerHistory")
    .select("inServiceAt")
    .where("pool", "=", "web")
    // EC2 tells whole seconds.
    .where("launchedAt", ">=", new Date(Math.floor(stepAt / 1_000) * 1_000))
    .execute();
  const serving = launched
    .flatMap(({ inServiceAt }) => (inServiceAt === null ? [] : [inServiceAt.getTime()]))
    .toSorted((a, b) => a - b);
  const wanted = Math.max(NEED, first?.desiredAfter ?? 0);
  return {
    decidedAt: first?.at ?? null,
    reason: first?.reason ?? "",
    wanted,
    // One was there before.
    inServiceAt: serving[wanted - 2] ?? null,
  };
}

async function decisionsSince({ db }: Pick<ProofSystem, "db">, since: number): Promise<readonly AdaptiveDecision[]> {
  const rows = await db
    .selectFrom("decisions")
    .select(["at", "kind", "desiredBefore", "desiredAfter", "reason", "facts"])
    .where("pool", "=", "web")
    .where("at", ">=", new Date(since))
    .orderBy("id")
    .execute();
  return rows.map(({ facts, at, ...row }) => {
    const { load = null, wanted = null, adaptive } = readDecisionRecord(facts);
    return { ...row, at: at.getTime(), load, wanted, forecast: adaptive?.forecast ?? null };
  });
}
