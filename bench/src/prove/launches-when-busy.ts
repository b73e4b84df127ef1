import { coreTimes, idleShare, startEndlessLoops } from "./endless-loops.ts";
import { type Batch, type BusyRun, busyFindings, type Launch } from "./launches-when-busy-report.ts";
import { type Request, runClients } from "./load.ts";
import { isOne, loadPages, PAGES_PER_SECOND, readDecisions } from "./load-step.ts";
import { PHOTO_FILE, photoCall, registerLoadUser } from "./photo-load.ts";
import type { Proof, ProofContext } from "./proof.ts";
import { isSettled, type ProofSystem, policySettings, startProofSystem } from "./proof-system.ts";
import { recordPool } from "./recorder.ts";

const LOOPS_PER_CORE = 2;
const UPLOAD_SECONDS = 5;
const START_SECONDS = 600;
/** For all workers of one growth, and for their end. */
const BATCH_SECONDS = 900;
/** Growths by hand from one worker on. */
const BATCHES = { full: { count: 10, workers: 5 }, quick: { count: 2, workers: 3 } };
const PERIOD_SECONDS = { full: 60, quick: 5 };
/** Points of the chart. */
const ROW_SECONDS = { full: 30, quick: 10 };

export const launchesWhenBusy: Proof = {
  name: "launches-when-busy",
  title: "Workers that are launched while all cores are busy come into service, without a failed request",
  statement:
    "Two endless loops for each core take all the CPU they get. The web pool grows and shrinks by hand until 50 workers were launched, while pages are read and photos come in. Not one worker dies or stays away, not one request fails.",
  async run(context) {
    const form = context.quick ? "quick" : "full";
    const { count, workers } = BATCHES[form];
    await using proof = await startProofSystem(context);
    await registerLoadUser(proof.system.userAppUrl);
    await proof.wait("one worker in service", () => isOne(proof.manager), START_SECONDS);
    await proof.manager.press("web", "pause");
    const run = await runBusy(proof, context, {
      count,
      workers,
      periodSeconds: PERIOD_SECONDS[form],
      rowSeconds: ROW_SECONDS[form],
    });
    return busyFindings(run, {
      launches: count * workers,
      settings: [
        ...(await policySettings(proof.manager, "web")),
        ...proof.settings,
        { label: "endless loops", value: `${run.loops.count} on ${run.loops.cores} cores` },
        { label: "light pages", value: `${PAGES_PER_SECOND} a second, all the time` },
        { label: "photos", value: `${PHOTO_FILE}, one every ${UPLOAD_SECONDS} s` },
      ],
    });
  },
};

interface Plan {
  readonly count: number;
  readonly workers: number;
  readonly periodSeconds: number;
  readonly rowSeconds: number;
}

async function runBusy(
  proof: ProofSystem,
  context: ProofContext,
  { count, workers, periodSeconds, rowSeconds }: Plan,
): Promise<BusyRun> {
  const requests: Request[] = [];
  const seen = (request: Request) => void requests.push(request);
  await using loops = startEndlessLoops(LOOPS_PER_CORE);
  const cpuBefore = loops.cpuMilliseconds();
  const coresBefore = coreTimes();
  const startedAt = Date.now();
  const recorder = recordPool(proof.manager, "web", { everyMs: 2_000, periodSeconds });
  const pages = loadPages(proof, seen);
  const stop = new AbortController();
  const photos = runClients({
    ...{ kind: "photo", clients: 1, cycleMs: UPLOAD_SECONDS * 1_000, signal: stop.signal, seen },
    call: photoCall(proof.system.userAppUrl),
  });
  const batches: Batch[] = [];
  try {
    for (let number = 1; number <= count; number += 1)
      batches.push(await growAndShrink(proof, context, number, workers));
  } finally {
    stop.abort();
    await Promise.all([pages.stop(), photos]);
    await recorder.stop();
  }
  const endedAt = Date.now();
  const cpu = (loops.cpuMilliseconds() - cpuBefore) / (endedAt - startedAt);
  const idle = idleShare(coresBefore, coreTimes());
  return {
    ...{ startedAt, endedAt, requests, batches },
    loops: { count: loops.count, cores: loops.cores, cpu, idle },
    launches: await launchesSince(proof, startedAt),
    activities: (await readDecisions(proof)).activities.filter(({ at }) => at >= startedAt),
    recording: recorder.recording,
    durations: { periodSeconds: rowSeconds },
  };
}

/** From one worker to so many more by hand, and back. */
async function growAndShrink(
  { manager, wait }: ProofSystem,
  { say }: ProofContext,
  number: number,
  workers: number,
): Promise<Batch> {
  const askedAt = Date.now();
  await manager.resize("web", "grow", 1 + workers);
  const completeAt = await wait(
    `${workers} workers more in service`,
    async () => isSettled(await manager.pool("web")) && Date.now(),
    BATCH_SECONDS,
  ).catch((error: unknown) => {
    // Workers that stay away are a result as well.
    say(error instanceof Error ? error.message : String(error));
    return null;
  });
  say(
    `growth ${number}: ${completeAt === null ? "not complete" : `complete after ${((completeAt - askedAt) / 1_000).toFixed(1)} s`}`,
  );
  const shrunkAt = Date.now();
  await manager.resize("web", "shrink", 1);
  await wait("the pool to be back at 1", () => isOne(manager), BATCH_SECONDS);
  return { number, workers, askedAt, completeAt, shrunkAt };
}

async function launchesSince({ db }: ProofSystem, since: number): Promise<readonly Launch[]> {
  const rows = await db
    .selectFrom("workerHistory")
    .select(["instanceId", "launchedAt", "inServiceAt", "drainingAt", "endedAt"])
    .where("pool", "=", "web")
    .where("launchedAt", ">=", new Date(Math.floor(since / 1_000) * 1_000))
    .orderBy("launchedAt")
    .execute();
  const instant = (date: Date | null) => date?.getTime() ?? null;
  return rows.map((row) => ({
    instanceId: row.instanceId,
    launchedAt: row.launchedAt.getTime(),
    inServiceAt: instant(row.inServiceAt),
    drainingAt: instant(row.drainingAt),
    endedAt: instant(row.endedAt),
  }));
}
