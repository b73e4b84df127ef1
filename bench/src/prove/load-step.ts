import { DEFAULT_EC2_SETTINGS } from "@elastic-gas/local-cloud/ec2/settings";
import type { Activity, Decision } from "./elastic-run.ts";
import { type Request, runClients } from "./load.ts";
import type { ManagerApi } from "./manager-api.ts";
import { pageCall, photoCall } from "./photo-load.ts";
import { isSettled, type ProofSystem } from "./proof-system.ts";

/** Booting is not throttled for so long, and would look like capacity. */
export const CREDIT_SECONDS = DEFAULT_EC2_SETTINGS.launchCreditSeconds + 5;
export const PAGES_PER_SECOND = 4;
const PAGE_CLIENTS = 8;
/** Photos that may wait at one worker, in seconds of its work: an upload is refused when it would wait 20 s. */
const WAITING_SECONDS = 8;
/** Enough that the worker never waits for the next one. */
const CALIBRATION_CLIENTS = 4;

/** A load that runs until it is stopped; `stop` resolves when the last answer has come. */
export interface Load {
  stop(): Promise<void>;
}

/** A load of photos: so many clients, each sending one every `cycleMs` and waiting for its answer. */
export interface PhotoLoad extends Load {
  readonly clients: number;
  readonly cycleMs: number;
}

type Seen = (request: Request) => void;

/** Light pages at a constant rate. */
export function loadPages({ system }: ProofSystem, seen: Seen, perSecond = PAGES_PER_SECOND): Load {
  const signal = new AbortController();
  const running = runClients({
    kind: "page",
    clients: PAGE_CLIENTS,
    cycleMs: (PAGE_CLIENTS / perSecond) * 1_000,
    signal: signal.signal,
    call: pageCall(system.userAppUrl),
    seen,
  });
  return { stop: () => ended(signal, running) };
}

/** As many photos a second as `workers` workers take that take `perSecond` each. */
export function loadPhotos(
  { system }: ProofSystem,
  { workers, perSecond, seen }: { readonly workers: number; readonly perSecond: number; readonly seen: Seen },
): PhotoLoad {
  const clients = Math.max(4, Math.round(WAITING_SECONDS * perSecond));
  const cycleMs = (clients / (workers * perSecond)) * 1_000;
  const signal = new AbortController();
  const call = photoCall(system.userAppUrl);
  const running = runClients({ kind: "photo", clients, cycleMs, signal: signal.signal, call, seen });
  return { clients, cycleMs, stop: () => ended(signal, running) };
}

function ended(signal: AbortController, running: Promise<void>): Promise<void> {
  signal.abort();
  return running;
}

/** Photos a second that one saturated worker takes beside what else is asked of it. */
export async function calibrate(
  { system, sleep }: ProofSystem,
  durations: { readonly warmUpSeconds: number; readonly calibrateSeconds: number },
  seen: Seen,
): Promise<number> {
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
      seen(request);
    },
  });
  await sleep(durations.warmUpSeconds);
  const from = Date.now();
  await sleep(durations.calibrateSeconds);
  const to = Date.now();
  await ended(stop, running);
  const counted = done.filter((at) => at >= from && at < to).length;
  if (counted < 3) throw new Error(`Only ${counted} photos were taken in ${durations.calibrateSeconds} s.`);
  return counted / ((to - from) / 1_000);
}

/** Waits until the web pool has grown from 1, is complete, and has not changed for `seconds`. */
export async function settle(
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

export async function isOne(manager: ManagerApi): Promise<boolean> {
  const pool = await manager.pool("web");
  return pool.desired === 1 && isSettled(pool);
}

/** What was decided about the web pool, and what was done, oldest first. */
export async function readDecisions({
  db,
  manager,
}: ProofSystem): Promise<{ readonly decisions: readonly Decision[]; readonly activities: readonly Activity[] }> {
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
