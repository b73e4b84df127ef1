import type { ApiReleases } from "@elastic-gas/manager/features/api/schemas";
import { formatRelease } from "@elastic-gas/shared/releases/format-release";
import type { z } from "zod";
import { quantile, type Request, runClients } from "./load.ts";
import { pageCall, photoCall, registerLoadUser } from "./photo-load.ts";
import type { Check, Findings, Proof, ProofContext } from "./proof.ts";
import { isSettled, type ProofSystem, startProofSystem } from "./proof-system.ts";
import { table, timeSpan } from "./words.ts";

const WORKERS = 3;
const FEWEST_REQUESTS = 5_000;
const COME_UP_SECONDS = 300;
const UPDATE_SECONDS = 1_500;
// Not what is measured: workers that boot at a share of a CPU would only make it longer.
const COMMON = { LOCAL_INSTANCE_VCPUS: "1", BOOT_DEADLINE_SECONDS: "300" };
/** Its web workers end at once: that is no address of a database. */
const NO_DATABASE = { DATABASE_URL_WEB: "nowhere" };
const SETTINGS = {
  full: { ...COMMON, CANARY_SECONDS: "30", DEREGISTRATION_DELAY_SECONDS: "20" },
  quick: { ...COMMON, CANARY_SECONDS: "10", BOOT_DEADLINE_SECONDS: "120" },
};

type Update = z.infer<typeof ApiReleases>["past"][number];

interface Watched {
  readonly what: string;
  readonly update: Update;
  readonly ms: number;
  /** In the web pool meanwhile. */
  readonly fewestInService: number;
  readonly mostWorkers: number;
}

export const rollingUpdate: Proof = {
  name: "rolling-update",
  title: "A new release replaces the workers one by one, and a bad one goes back, without a failed request",
  statement:
    "Under constant load ./start.sh update replaces every worker by one of another release, one at a time; then a release whose workers cannot start is taken back at its canary. Not one request fails, and never do fewer workers serve than before.",
  async run(context) {
    const form = context.quick ? "quick" : "full";
    await using proof = await startProofSystem(context, SETTINGS[form]);
    const { manager, system, wait } = proof;
    await wait("all pools to be complete", async () => (await manager.pools()).every(isSettled), COME_UP_SECONDS);
    await manager.press("web", "pause");
    while ((await manager.pool("web")).desired < WORKERS) await manager.press("web", "grow");
    await wait("the web pool", async () => isSettled(await manager.pool("web")), COME_UP_SECONDS);
    await registerLoadUser(system.userAppUrl);

    const requests: Request[] = [];
    const cycleMs = context.quick ? 300 : 500;
    const stop = new AbortController();
    const load = { signal: stop.signal, seen: (request: Request) => void requests.push(request) };
    const pages = runClients({ ...load, kind: "page", clients: 6, cycleMs, call: pageCall(system.userAppUrl) });
    const photos = runClients({
      ...load,
      kind: "photo",
      clients: 1,
      cycleMs: 3_000,
      call: photoCall(system.userAppUrl),
    });
    const watched: Watched[] = [];
    try {
      watched.push(await roll(proof, context, "a release that works", { LOG_LEVEL: "warn" }));
      watched.push(await roll(proof, context, "a release that cannot start", NO_DATABASE));
      await wait("enough requests", () => requests.length >= FEWEST_REQUESTS, UPDATE_SECONDS);
    } finally {
      stop.abort();
      await Promise.all([pages, photos]);
    }
    return findingsOf(watched, requests, proof);
  },
};

/** `./start.sh update` with other settings, which is another release; then waits for the update's end. */
async function roll(
  { manager, system, wait }: ProofSystem,
  { say }: ProofContext,
  what: string,
  changes: Readonly<Record<string, string>>,
): Promise<Watched> {
  const startedAt = Date.now();
  for (const line of (await system.run("update", changes)).trim().split("\n")) say(line);
  let fewestInService = Number.POSITIVE_INFINITY;
  let mostWorkers = 0;
  let step = "";
  const update = await wait(
    `the update to ${what} to end`,
    async () => {
      const { counts } = await manager.pool("web");
      fewestInService = Math.min(fewestInService, counts.inService);
      mostWorkers = Math.max(
        mostWorkers,
        Object.values(counts).reduce((sum, count) => sum + count, 0),
      );
      const { active, past } = await manager.releases();
      if (active === null) return past[0];
      const now = active.pools.map((pool) => `${pool.pool}: ${pool.step}`).join(" ");
      if (now !== step) say(now);
      step = now;
      return undefined;
    },
    UPDATE_SECONDS,
  );
  say(`${what}: ${update.state}${update.why === null ? "" : `: ${update.why}`}`);
  return { what, update, ms: Date.now() - startedAt, fewestInService, mostWorkers };
}

function findingsOf(watched: readonly Watched[], requests: readonly Request[], proof: ProofSystem): Findings {
  const failed = requests.filter(({ outcome }) => outcome !== "ok");
  const [good, bad] = watched;
  const fewest = Math.min(...watched.map(({ fewestInService }) => fewestInService));
  const most = Math.max(...watched.map(({ mostWorkers }) => mostWorkers));
  const checks: readonly Check[] = [
    {
      what: "the release that works replaces every worker",
      measured: good?.update.state ?? "-",
      ok: good?.update.state === "completed",
    },
    {
      what: "the release that cannot start is taken back by itself",
      measured: `${bad?.update.state}: ${bad?.update.why}`,
      ok: bad?.update.state === "rolled back" && bad.update.why !== null,
    },
    {
      what: `no request of at least ${FEWEST_REQUESTS.toLocaleString("en")} fails`,
      measured: `${requests.length.toLocaleString("en")} requests, ${failed.length} failed`,
      ok: failed.length === 0 && requests.length >= FEWEST_REQUESTS,
    },
    {
      what: "never fewer web workers in service than before",
      measured: `at least ${fewest} of ${WORKERS}`,
      ok: fewest >= WORKERS,
    },
    { what: "never more than one web worker more", measured: `at most ${most}`, ok: most <= WORKERS + 1 },
  ];
  const p99 = timeSpan(
    quantile(
      requests.filter(({ kind }) => kind === "page").map(({ ms }) => ms),
      0.99,
    ) ?? 0,
  );
  return {
    checks,
    figures: [
      { label: "requests", value: `${requests.length.toLocaleString("en")}, ${failed.length} failed` },
      { label: "update of all pools", value: timeSpan(good?.ms ?? 0) },
      { label: "begin to end of the roll-back", value: timeSpan(bad?.ms ?? 0) },
      { label: "pages, p99", value: p99 },
    ],
    settings: proof.settings,
    details: table(
      ["what", "from → to", "result", "why", "time", "web workers in service", "web workers in all"],
      watched.map(({ what, update: { from, to, state, why }, ms, fewestInService, mostWorkers }) => [
        what,
        `${formatRelease(from)} → ${formatRelease(to)}`,
        state,
        why ?? "",
        timeSpan(ms),
        `at least ${fewestInService}`,
        `at most ${mostWorkers}`,
      ]),
    ),
    data: { watched, failed, requests: requests.length },
  };
}
