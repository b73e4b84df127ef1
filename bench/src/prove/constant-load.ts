import { CpuPolicy } from "@elastic-gas/scaling/policy";
import { constantLoadFindings, type PolicyRun } from "./constant-load-report.ts";
import type { Request } from "./load.ts";
import {
  CREDIT_SECONDS,
  calibrate,
  INSTANCE_VCPUS,
  isOne,
  loadPages,
  loadPhotos,
  PAGES_PER_SECOND,
  readDecisions,
  settle,
} from "./load-step.ts";
import { PHOTO_FILE, registerLoadUser } from "./photo-load.ts";
import type { Proof, ProofContext } from "./proof.ts";
import { type ProofSystem, startProofSystem } from "./proof-system.ts";
import { recordPool } from "./recorder.ts";

/** Thresholds and ratios, from the mildest grow ratio to the boldest. */
const POLICIES = [
  { growThresholdPercent: 70, shrinkThresholdPercent: 30, growRatio: 2, shrinkRatio: 0.5 },
  { growThresholdPercent: 60, shrinkThresholdPercent: 40, growRatio: 1.5, shrinkRatio: 0.75 },
  { growThresholdPercent: 50, shrinkThresholdPercent: 40, growRatio: 1.25, shrinkRatio: 0.8 },
  { growThresholdPercent: 80, shrinkThresholdPercent: 20, growRatio: 3, shrinkRatio: 0.3 },
].map((numbers) => CpuPolicy.parse({ kind: "cpu", ...numbers }));
/** In what one worker can take. */
const LOAD_WORKERS = 2.2;
const RESET_SECONDS = 300;

interface Durations {
  readonly periodSeconds: number;
  readonly warmUpSeconds: number;
  readonly calibrateSeconds: number;
  /** Without a change at constant load. */
  readonly settleSeconds: number;
  readonly growDeadlineSeconds: number;
}

const FULL: Durations = {
  periodSeconds: 60,
  warmUpSeconds: 10,
  calibrateSeconds: 40,
  settleSeconds: 735,
  growDeadlineSeconds: 1_800,
};
const QUICK: Durations = {
  periodSeconds: 5,
  warmUpSeconds: 5,
  calibrateSeconds: 20,
  settleSeconds: 60,
  growDeadlineSeconds: 400,
};

export const constantLoad: Proof = {
  name: "constant-load",
  title: "Under a constant load the web pool settles and stays, with four policies",
  statement:
    "From 1 worker, the same constant load under four pairs of thresholds and ratios: the pool grows to a size at which the mean CPU lies between the thresholds, and then does not change for 12 minutes. Not one request fails.",
  async run(context) {
    const durations = context.quick ? QUICK : FULL;
    await using proof = await startProofSystem(context, { LOCAL_INSTANCE_VCPUS: String(INSTANCE_VCPUS) });
    const requests: Request[] = [];
    const seen = (request: Request) => void requests.push(request);
    const pages = loadPages(proof, seen);
    try {
      const perSecond = await measureOneWorker(proof, context, { durations, seen });
      const runs: PolicyRun[] = [];
      for (const policy of POLICIES)
        runs.push(await runPolicy(proof, context, { policy, perSecond, durations, requests }));
      return constantLoadFindings(runs, {
        perSecond,
        requests,
        leastRequests: context.quick ? 300 : 5_000,
        settleMs: durations.settleSeconds * 1_000,
        settings: [
          ...proof.settings,
          { label: "photo", value: PHOTO_FILE },
          { label: "light pages", value: `${PAGES_PER_SECOND} a second, all the time` },
          { label: "load", value: `${LOAD_WORKERS} workers' worth of photos` },
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
  { durations, seen }: { readonly durations: Durations; readonly seen: (request: Request) => void },
): Promise<number> {
  await registerLoadUser(proof.system.userAppUrl);
  await proof.wait("one worker in service", () => isOne(proof.manager), RESET_SECONDS);
  say(`waiting ${CREDIT_SECONDS} s, until the worker has no launch credit left`);
  await proof.sleep(CREDIT_SECONDS);
  await proof.manager.press("web", "pause");
  const perSecond = await calibrate(proof, durations, seen);
  say(`one worker takes ${perSecond.toFixed(2)} photos a second`);
  return perSecond;
}

/** One policy from 1 worker on: load on, growth, the settled time, load off, 1 worker again. */
async function runPolicy(
  proof: ProofSystem,
  { say, quick }: ProofContext,
  {
    policy,
    perSecond,
    durations,
    requests,
  }: {
    readonly policy: CpuPolicy;
    readonly perSecond: number;
    readonly durations: Durations;
    readonly requests: Request[];
  },
): Promise<PolicyRun> {
  const { manager } = proof;
  const { growThresholdPercent: grow, shrinkThresholdPercent: shrink, growRatio, shrinkRatio } = policy;
  say(`policy ${grow} and ${shrink} %, ratios ${growRatio} and ${shrinkRatio}`);
  await manager.savePolicy("web", policy);
  const startedAt = Date.now();
  const from = requests.length;
  const recorder = recordPool(manager, "web", {
    everyMs: quick ? 1_000 : 2_000,
    periodSeconds: durations.periodSeconds,
  });
  try {
    // The last point without load, so that the chart shows the step.
    await proof.sleep(durations.periodSeconds);
    await manager.press("web", "resume");
    const loadOnAt = Date.now();
    const photos = loadPhotos(proof, {
      workers: LOAD_WORKERS,
      perSecond,
      seen: (request) => void requests.push(request),
    });
    const problem = await settle(proof, {
      say,
      seconds: durations.settleSeconds,
      deadlineSeconds: durations.growDeadlineSeconds,
    }).then(
      () => null,
      // A pool that does not settle is a result as well.
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const loadOffAt = Date.now();
    await photos.stop();
    const endedAt = Date.now();
    const recording = await recorder.stop();
    const { decisions, activities } = await readDecisions(proof);
    const within = ({ at }: { readonly at: number }) => at >= startedAt && at < endedAt;
    await manager.press("web", "pause");
    if (!(await isOne(manager))) await manager.resize("web", "shrink", 1);
    await proof.wait("one worker in service", () => isOne(manager), RESET_SECONDS);
    return {
      ...{ startedAt, loadOnAt, loadOffAt, endedAt, policy, problem, recording, durations },
      decisions: decisions.filter(within),
      activities: activities.filter(within),
      // The last shrink's requests too: those of this policy begin with its start.
      requests: requests.slice(from).filter(({ sentAt }) => sentAt < endedAt),
    };
  } finally {
    await recorder.stop();
  }
}
