import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomFrom } from "@elastic-gas/scaling/simulator/random";
import { POOL_NAMES } from "@elastic-gas/shared/resources";
import { pause } from "@elastic-gas/shared/shutdown";
import { createStallableProxy } from "@elastic-gas/testing/stallable-proxy";
import { freePorts } from "@elastic-gas/testing/system/system";
import { startOidcProvider } from "@elastic-gas/testing/user-app/oidc-provider";
import type { Findings, Proof, ProofContext } from "../prove/proof.ts";
import { isSettled, type ProofSystem, startProofSystem } from "../prove/proof-system.ts";
import { timeSpan } from "../prove/words.ts";
import { startClients } from "./clients.ts";
import type { Evidence } from "./evidence.ts";
import { listFinal } from "./final-listing.ts";
import { emptyHistory } from "./history.ts";
import { readLog, withHits } from "./hits.ts";
import { endFaults, inject } from "./injectors.ts";
import { answers } from "./parts.ts";
import {
  isMeant,
  lengthOf,
  nameOf,
  PARTS,
  type PlanChoices,
  planFaults,
  SERVICES,
  type Step,
  soakFaults,
} from "./plan.ts";
import { invariantChecks, type RunFacts, runDetails, runFigures } from "./report.ts";
import type { Rig } from "./rig.ts";
import { listToldDecisions, startWatch } from "./watch.ts";

const QUICK: PlanChoices = { cloudSeconds: [10], otherSeconds: 10, hangSeconds: 30, atATime: 3 };
const MIDDLE: PlanChoices = { cloudSeconds: [10, 180], otherSeconds: 60, hangSeconds: 180, atATime: 3 };
/** A long outage is that of a region, most of the time: every service at once. */
const LONG: PlanChoices = { cloudSeconds: [1_200], otherSeconds: 180, hangSeconds: 180, atATime: SERVICES.length };
const WEB_WORKERS = 2;
const ROUNDS_PER_KILL = 3;
const LONGEST_REASON = 120;
const BETWEEN_MS = 2_000;
/** Results are due that soon, so that archives are made and fetched back all the time. */
const RETENTION_SECONDS = 15;
/** All faults are over: by then every job has ended, every mail is sent and everything lies where it belongs. */
const REST_SECONDS = 900;
/** Settings that name folders and doubles of one run: they say nothing to a reader. */
const OF_THIS_MACHINE: ReadonlySet<string> = new Set([
  "ADJUSTABLE_CLOCK",
  "NODE_OPTIONS",
  "STRIPE_API_URL",
  "OIDC_ISSUER",
  "OIDC_CLIENT_ID",
  "OIDC_CLIENT_SECRET",
]);
const AT_WORK_SECONDS = 180;
/** What lies undone is told of before the longer faults are over. */
const WAITING_ALERT_SECONDS = 30;

export const faults: Proof = {
  name: "faults",
  title: "Nothing lost, nothing stuck, nothing silent under faults",
  statement:
    "The whole system runs with people and programs that use it while workers, parts, the database, Stripe and the services of AWS are killed, stopped, slowed, refused or cut off, messages come several times and in another order, and files are bad. Afterwards all that clients were promised is held against what is there.",
  async run(context) {
    const { seed, soakMs, limitMs, only, say } = context;
    const startedAt = Date.now();
    const choices = context.long ? LONG : context.quick ? QUICK : MIDDLE;
    const steps = planFaults(choices).filter((step) => isMeant(step, only));
    if (steps.length === 0) throw new Error(`No fault's name holds "${only}".`);
    say(`seed ${seed}`);
    const random = randomFrom(seed);
    await using stack = new AsyncDisposableStack();
    const ports = await freePorts();
    const stripe = stack.use(await createStallableProxy(ports.cloud));
    const identities = stack.use(await startOidcProvider());
    identities.next = { claims: { sub: "provided", preferred_username: "provided" } };
    const providerUrl = identities.issuer;
    const provider = stack.use(await createStallableProxy(identities.port));
    identities.issuer = `http://127.0.0.1:${provider.port}`;
    const clockFolder = await mkdtemp(join(tmpdir(), "gas-clock-"));
    stack.defer(() => rm(clockFolder, { recursive: true, force: true }));
    const clockFile = join(clockFolder, "clock.json");
    const settings = {
      FREE_RETENTION_SECONDS: String(RETENTION_SECONDS),
      ARCHIVE_CHECK_SECONDS: "2",
      // What is proven needs no narrow CPUs, and workers boot in time on a machine that does much else.
      LOCAL_INSTANCE_VCPUS: "2",
      BOOT_DEADLINE_SECONDS: "300",
      // A worker that is only slow must not be taken for one that is lost.
      HEARTBEAT_SECONDS: "3",
      LEASE_SECONDS: "20",
      HEALTH_CHECK_INTERVAL_SECONDS: "3",
      UNHEALTHY_GRACE_SECONDS: "20",
      VISIBILITY_TIMEOUT_SECONDS: "20",
      JOB_LEASE_SECONDS: "20",
      WAITING_ALERT_SECONDS: String(WAITING_ALERT_SECONDS),
      STRIPE_API_URL: `http://127.0.0.1:${stripe.port}`,
      OIDC_ISSUER: identities.issuer,
      OIDC_CLIENT_ID: "gas",
      OIDC_CLIENT_SECRET: "secret",
      ADJUSTABLE_CLOCK: clockFile,
      NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${join(import.meta.dirname, "adjustable-clock-main.ts")}`,
    };
    // Minutes in place of hours: what is proven is that nothing is lost, not when it is found.
    const proof = stack.use(await startProofSystem({ quick: true, say }, settings, ports));
    await widen(proof);
    const history = emptyHistory();
    const stop = new AbortController();
    const { signal } = stop;
    stack.defer(() => stop.abort());
    const watch = await startWatch(proof, signal);
    const clientsStop = new AbortController();
    stack.defer(() => clientsStop.abort());
    const clientsOptions = {
      proof,
      history,
      signal: clientsStop.signal,
      random,
      retentionSeconds: RETENTION_SECONDS,
      providerUrl,
    };
    const clients = await startClients(clientsOptions);
    const rig: Rig = { proof, stripe, provider, clockFile, clients, history, random, signal, asked: [] };

    if (soakMs === null)
      await runPlan(rig, { steps, atATime: choices.atATime, limitMs: limitMs ?? Number.POSITIVE_INFINITY }, say);
    else await runSoak(rig, { seed, soakMs, choices }, say);

    await endFaults(rig).catch(() => undefined); // local-cloud may just start again, without any
    say("all faults are over, clients stop");
    clientsStop.abort();
    await clients.ended;
    await rest(
      proof,
      history.submissions.map(({ jobId }) => jobId),
    ).catch((error: unknown) => say(`not at rest: ${error}`));
    stop.abort();
    await watch.ended;
    const evidence: Evidence = {
      ...history,
      faults: withHits(history.faults, rig.asked, readLog(proof.system.dataDir, "local-cloud")),
      sizes: watch.sizes,
      told: [...watch.told, ...(await listToldDecisions(proof.db, startedAt))].sort((a, b) => a.at - b.at),
      final: await listFinal(proof, RETENTION_SECONDS),
    };
    const planned = new Set(history.faults.map(({ name }) => name));
    const leftOut = [...new Set([QUICK, MIDDLE, LONG].flatMap(planFaults).map(nameOf))].filter(
      (name) => !planned.has(name),
    );
    const form =
      soakMs === null ? (context.long ? "long" : context.quick ? "quick" : "middle") : `soak of ${timeSpan(soakMs)}`;
    return findingsOf({ evidence, startedAt, seed, form, leftOut }, proof);
  },
};

/**
 * One worker of the web pool is hit at a time: with two, pages are served meanwhile, and what fails is not told by
 * nobody being there.
 */
async function widen({ db }: ProofSystem): Promise<void> {
  await db.updateTable("pools").set({ min: WEB_WORKERS, desired: WEB_WORKERS }).where("name", "=", "web").execute();
}

async function runPlan(
  rig: Rig,
  { steps, atATime, limitMs }: { readonly steps: readonly Step[]; readonly atATime: number; readonly limitMs: number },
  say: ProofContext["say"],
): Promise<void> {
  const end = Date.now() + limitMs;
  const cloud = [...steps.filter(({ kind }) => kind === "cloud")];
  const others = [...steps.filter(({ kind }) => kind !== "cloud")];
  let rounds = 0;
  while (cloud.length + others.length > 0 && Date.now() < end) {
    // A fault that finds nobody at work shows nothing.
    await atWork(rig.proof).catch((error: unknown) => say(String(error)));
    const [other] = others.splice(0, 1);
    // While the pool is resized nothing else goes on.
    const round = other?.kind === "resize" ? [] : cloud.splice(0, atATime);
    await Promise.all([...round, ...(other === undefined ? [] : [other])].map((step) => take(rig, step, say)));
    // Between two rounds each part in turn dies, whatever the steps before left under way.
    const part = rounds % ROUNDS_PER_KILL === 0 ? PARTS[(rounds / ROUNDS_PER_KILL) % PARTS.length] : undefined;
    if (part !== undefined && round.length > 0) await take(rig, { kind: "kill part", part }, say);
    rounds += 1;
    await pause(BETWEEN_MS, rig.signal);
  }
}

async function runSoak(
  rig: Rig,
  { seed, soakMs, choices }: { readonly seed: number; readonly soakMs: number; readonly choices: PlanChoices },
  say: ProofContext["say"],
): Promise<void> {
  const end = Date.now() + soakMs;
  for (const { step, afterMs } of soakFaults(seed, choices)) {
    await atWork(rig.proof).catch((error: unknown) => say(String(error)));
    const next = Date.now() + afterMs;
    if (Date.now() + lengthOf(step) * 1_000 > end) break;
    await take(rig, step, say);
    if (next > end) break;
    await pause(Math.max(0, next - Date.now()), rig.signal);
  }
  // What no fault fits into any more is time without one.
  await pause(Math.max(0, end - Date.now()), rig.signal);
}

/** One step, and when it was in force. One that cannot be made here is told of in the report. */
async function take(rig: Rig, step: Step, say: ProofContext["say"]): Promise<void> {
  const name = nameOf(step);
  const from = Date.now();
  say(name);
  let notMade: string | null = null;
  try {
    await inject(rig, step);
  } catch (error) {
    notMade = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_REASON);
    say(`${name}: not made, ${notMade}`);
  }
  rig.history.faults.push({ name, from, to: Date.now(), notMade });
}

/** Waits until local-cloud takes faults, which may just start again, and each pool has a worker in service. */
async function atWork({ db, system, wait }: ProofSystem): Promise<void> {
  await wait("local-cloud", () => answers(`${system.cloudUrl}/_faults`), AT_WORK_SECONDS);
  await wait(
    "a worker of each pool in service",
    async () => {
      const rows = await db
        .selectFrom("workers")
        .select("pool")
        .distinct()
        .where("state", "=", "in service")
        .execute()
        .catch(() => []); // the database may just come back
      return rows.length === POOL_NAMES.length;
    },
    AT_WORK_SECONDS,
  );
}

/** Waits until all work has ended and the pools are as they should be. */
async function rest({ db, manager, wait }: ProofSystem, jobIds: readonly string[]): Promise<void> {
  await wait(
    "every job to end, with its mail",
    async () => {
      if (jobIds.length === 0) return true;
      const rows = await db.selectFrom("jobs").select(["status", "notifiedAt"]).where("id", "in", jobIds).execute();
      return rows.every(
        ({ status, notifiedAt }) => (status === "COMPLETED" || status === "FAILED") && notifiedAt !== null,
      );
    },
    REST_SECONDS,
  );
  await wait(
    "every result to lie where it belongs",
    async () => {
      const rows = await db
        .selectFrom("jobs")
        .innerJoin("users", "users.id", "jobs.userId")
        .select(["users.role", "jobs.archiveState"])
        .where("jobs.status", "=", "COMPLETED")
        .execute();
      return rows.every(({ role, archiveState }) => archiveState === (role === "premium_user" ? "kept" : "archived"));
    },
    REST_SECONDS,
  );
  await wait("the pools to settle", async () => (await manager.pools()).every(isSettled), REST_SECONDS);
}

function findingsOf(facts: RunFacts, { settings }: ProofSystem): Findings {
  const { faults: made, resizes } = facts.evidence;
  return {
    checks: invariantChecks(facts.evidence),
    figures: runFigures(facts),
    settings: settings.filter(({ label }) => !OF_THIS_MACHINE.has(label)),
    details: runDetails(facts),
    data: { seed: facts.seed, form: facts.form, faults: made, resizes },
  };
}
