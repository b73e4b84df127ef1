import type { Alert } from "../fleet/alert.ts";
import type { AlertFacts } from "./alert-facts.ts";
import { installationAlerts } from "./installation-alerts.ts";
import { poolAlerts } from "./pool-alerts.ts";
import { waitingAlerts } from "./waiting-alerts.ts";
import { missingModels, replacedWorkers, silentWorkers } from "./worker-alerts.ts";

/** All alerts, worst first, then newest. Pure: every one follows from what AWS and MySQL said. */
export function listAlerts(facts: AlertFacts): readonly Alert[] {
  const alerts = [
    ...installationAlerts(facts),
    ...waitingAlerts(facts),
    ...facts.pools.flatMap((pool) => poolAlerts(pool, facts)),
    ...replacedWorkers(facts),
    ...silentWorkers(facts),
    ...missingModels(facts),
  ];
  return alerts.sort((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone) || b.at - a.at);
}

const TONES: readonly Alert["tone"][] = ["bad", "warn", "info"];
