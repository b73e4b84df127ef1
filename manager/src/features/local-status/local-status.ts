import { equalInConstantTime } from "@elastic-gas/shared/web/equal-in-constant-time";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import { describeWhy } from "../../model/fleet/worker-snapshot.ts";
import type { Reader } from "../../model/reader.ts";
import { presentStatus } from "../api/present.ts";
import { showStatus } from "../cli/show-status.ts";
import { table } from "../cli/table.ts";
import type { FeatureDeps } from "../feature-deps.ts";

/** Whoever asks sits at this machine's terminal. */
const MACHINE_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** `/local/status`: the status as text for `./start.sh status`, which shows the key of this run. Reads only. */
export function localStatus({ watcher, now }: FeatureDeps, key: string | undefined): Router {
  const router = Router();
  router.get("/local/status", async (req, res) => {
    const given = req.get("authorization")?.replace(/^Bearer /, "");
    if (key === undefined || given === undefined || !equalInConstantTime(given, key)) {
      throw new HttpError(401, "This address is for ./start.sh status.");
    }
    const fleet = await watcher.fleet();
    res.setHeader("Cache-Control", "no-store");
    res.type("text/plain").send(describeFleet(fleet, { now: now(), timeZone: MACHINE_ZONE }));
  });
  return router;
}

/** Pools, workers and alerts, as a terminal shows them. */
function describeFleet(fleet: FleetSnapshot, reader: Reader): string {
  const workers = fleet.workers
    .filter(({ state }) => state !== "terminated")
    .map((worker) => [worker.pool, worker.id, worker.state, describeWhy(worker, reader)]);
  const list = workers.length === 0 ? "No workers.\n" : table(["POOL", "WORKER", "STATE", "WHY"], workers);
  return `${list}\n${showStatus(presentStatus(fleet, reader))}`;
}
