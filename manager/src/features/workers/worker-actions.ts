import { audit } from "@elastic-gas/shared/audit";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { WorkerSnapshot } from "../../model/fleet/worker-snapshot.ts";
import type { FeatureDeps, Outcome } from "../feature-deps.ts";
import type { Requester } from "../requester.ts";
import { requestLeaving, requestProtection, type WorkerChange } from "./change-worker.ts";

export const WORKER_VERBS = ["replace", "drain", "protect", "unprotect"] as const;
export type WorkerVerb = (typeof WORKER_VERBS)[number];

/** Carries out one item of a worker's menu, and notes who asked. */
export async function changeWorker(
  deps: FeatureDeps,
  verb: WorkerVerb,
  id: string,
  requester: Requester,
): Promise<{ readonly worker: WorkerSnapshot; readonly outcome: Outcome }> {
  const worker = await findWorker(deps, id);
  const change = await carryOut(deps, verb, worker, requester);
  if (change.kind === "done") {
    const { actor, address } = requester;
    await audit(deps.db, { actor, action: `worker.${verb}`, target: worker.id, address });
  }
  await deps.watcher.fleet({ fresh: true });
  const sentence = change.kind === "done" ? change.sentence : `${worker.id}: ${change.reason}.`;
  return { worker, outcome: { done: change.kind === "done", sentence } };
}

async function carryOut(
  { db, config, now }: FeatureDeps,
  verb: WorkerVerb,
  worker: WorkerSnapshot,
  { actor, key }: Requester,
): Promise<WorkerChange> {
  const request = { actor, key, now: new Date(now()), holdSeconds: config.MANUAL_HOLD_SECONDS };
  switch (verb) {
    case "replace":
      return requestLeaving(db, worker, "replacement", request);
    case "drain":
      return requestLeaving(db, worker, "shrink", request);
    case "protect":
      return requestProtection(db, worker, true);
    case "unprotect":
      return requestProtection(db, worker, false);
  }
}

/** Only instances with our tags exist for these actions. */
export async function findWorker({ watcher }: FeatureDeps, id: string): Promise<WorkerSnapshot> {
  const fleet = await watcher.fleet();
  const worker = fleet.workers.find((each) => each.id === id && each.state !== "terminated");
  if (worker === undefined) {
    throw new HttpError(404, `No worker ${id.slice(0, 40)}.`, {
      remedy: "It may have been terminated; reload the workers.",
      link: { href: "/workers", text: "Workers" },
    });
  }
  return worker;
}
