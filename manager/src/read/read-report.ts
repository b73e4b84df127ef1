import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import { chartsMaxAgeMs } from "../model/charts/charts-age.ts";
import { type RangeName, spanOf } from "../model/charts/range.ts";
import { listEntries } from "../model/decisions/list-entries.ts";
import { sentenceOf } from "../model/decisions/records.ts";
import type { PoolSnapshot } from "../model/fleet/fleet-snapshot.ts";
import { describeDifference } from "../model/policy/differences.ts";
import type { Report, ReportPool } from "../model/report/report.ts";
import { listToldAlerts } from "./alert-deliveries.ts";
import { countDecisions, listActivities, listNotableDecisions } from "./decisions.ts";
import { listPolicyVersions } from "./policy-versions.ts";
import type { Watcher } from "./watcher.ts";

/** More would make a file that nobody reads. */
const MOST_ROWS = 500;
const MOST_TOLD = 1_000;

export interface ReportDeps {
  readonly db: Database;
  readonly watcher: Watcher;
  readonly config: Pick<Config, "METRIC_PERIOD_SECONDS">;
  readonly now: () => number;
}

export interface ReportRequest {
  readonly range: RangeName;
  /** Of all times in it. */
  readonly timeZone: string;
}

/** Everything that a report tells. Throws when MySQL or CloudWatch does not answer. */
export async function readReport(deps: ReportDeps, { range, timeZone }: ReportRequest): Promise<Report> {
  const { db, watcher, config, now } = deps;
  // A file that is kept tells of its own moment.
  const fleet = await watcher.fleet({ fresh: true });
  const { from, to } = spanOf(range, now(), config.METRIC_PERIOD_SECONDS);
  const [pools, toldAlerts] = await Promise.all([
    Promise.all(fleet.pools.map((pool) => readPool(deps, pool, { range, timeZone }))),
    listToldAlerts(db, { from, to }, MOST_TOLD),
  ]);
  return {
    range,
    from,
    to,
    timeZone,
    prefix: fleet.prefix,
    region: fleet.region,
    priceCentsPerHour: fleet.workerPriceCentsPerHour,
    pools,
    alerts: fleet.alerts,
    toldAlerts,
  };
}

async function readPool(
  { db, watcher, config }: ReportDeps,
  snapshot: PoolSnapshot,
  { range, timeZone }: ReportRequest,
): Promise<ReportPool> {
  const charts = await watcher.charts(snapshot.name, range, chartsMaxAgeMs(range, config.METRIC_PERIOD_SECONDS));
  const span = { from: charts.span.from, to: charts.span.to, pool: snapshot.name };
  const [decisions, activities, versions, { checks }] = await Promise.all([
    listNotableDecisions(db, span, MOST_ROWS + 1),
    listActivities(db, span, MOST_ROWS + 1),
    listPolicyVersions(db, { pool: snapshot.name, limit: 1_000 }),
    countDecisions(db, span),
  ]);
  const entries = listEntries(
    {
      decisions: decisions.map((row) => ({ ...row, reason: sentenceOf(row, { timeZone }) })),
      activities,
      versions: versions.filter(({ at }) => at >= span.from && at <= span.to),
      describeVersion: (version) =>
        describeDifference(
          versions.find((each) => each.version === version.version - 1),
          version,
        ),
    },
    { kind: "all", filter: "", fold: true },
  );
  const isCut = decisions.length > MOST_ROWS || activities.length > MOST_ROWS || entries.length > MOST_ROWS;
  return { snapshot, charts, entries: entries.slice(0, MOST_ROWS), isCut, checks };
}
