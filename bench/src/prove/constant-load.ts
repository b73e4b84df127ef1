import { CpuPolicy } from "@elastic-gas/scaling/policy";
import { constantLoadFindings, type PolicyRun } from "./constant-load-report.ts";
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

/** Thresholds and ratios of the CPU rule, from the course's to bolder and milder ones. */
const POLICIES = [
  { growThresholdPercent: 70, shrinkThresholdPercent: 30, growRatio: 2, shrinkRatio: 0.5 },
  { growThresholdPercent: 60, shrinkThresholdPercent: 40, growRatio: 1.5, shrinkRatio: 0.75 },
  { growThresholdPercent: 50, shrinkThresholdPercent: 40, growRatio: 1.25, shrinkRatio: 0.8 },
  { growThresholdPercent: 80, shrinkThresholdPercent: 20, growRatio: 3, shrinkRatio: 0.3 },
];

/** A proof for each policy. */
export const constantLoad: readonly Proof[] = POLICIES.map((numbers) =>
  constantLoadUnder(CpuPolicy.parse({ kind: "cpu", ...numbers })),
);

function constantLoadUnder(policy: CpuPolicy): Proof {
  const { growThresholdPercent: grow, shrinkThresholdPercent: shrink, growRatio, shrinkRatio } = policy;
  return {
    name: `constant-load-${grow}-${shrink}`,
    title: `Under a constant load the web pool settles and stays, with thresholds of ${grow} and ${shrink} %`,
    statement: `With the ratios ${growRatio} and ${shrinkRatio}, a constant load grows the web pool from 1 worker to a size at which it does not change for 12 minutes. Not one request fails.`,
    async run(context) {
      const durations = context.quick ? QUICK : FULL;
      await using proof = await startProofSystem(context);
      const requests: Request[] = [];
      const seen = (request: Request) => void requests.push(request);
      const pages = loadPages(proof, seen);
      try {
        await proof.manager.savePolicy("web", policy);
        const perSecond = await measureOneWorker(proof, context, { durations, seen });
        const run = await runPolicy(proof, context, { policy, perSecond, durations, requests });
        return constantLoadFindings(run, {
          perSecond,
          leastRequests: context.quick ? 300 : 5_000,
          settleMs: durations.settleSeconds * 1_000,
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
      }
    },
  };
}

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

/** From 1 worker on: load on, growth, the settled time. */
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
  const { periodSeconds } = durations;
  const startedAt = Date.now();
  const recorder = recordPool(manager, "web", { everyMs: quick ? 1_000 : 2_000, periodSeconds });
  try {
    // The policy is paused: what was measured must not be the load step that is to be shown.
    await proof.sleep(periodSeconds * 2.5);
    await manager.press("web", "resume");
    const loadOnAt = Date.now();
    const seen = (request: Request) => void requests.push(request);
    const photos = loadPhotos(proof, { workers: LOAD_WORKERS, perSecond, seen });
    const { settleSeconds: seconds, growDeadlineSeconds: deadlineSeconds } = durations;
    const problem = await settle(proof, { say, seconds, deadlineSeconds }).then(
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
    return {
      ...{ startedAt, loadOnAt, loadOffAt, endedAt, policy, problem, recording, durations },
      decisions: decisions.filter(within),
      activities: activities.filter(within),
      requests: requests.filter(({ sentAt }) => sentAt >= startedAt),
    };
  } finally {
    await recorder.stop();
  }
}
