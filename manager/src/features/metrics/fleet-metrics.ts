import { Gauge, Registry } from "prom-client";
import type { FleetSnapshot, PoolSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import type { ChangeCount } from "../../read/change-counts.ts";

type Labels = Readonly<Record<string, string>>;
interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** The name of each series, its help, and its samples from what the pages show. */
export function fleetMetrics(fleet: FleetSnapshot, changes: readonly ChangeCount[]): Registry {
  const registry = new Registry();
  const series = (name: string, help: string, samples: readonly Sample[]): void => {
    const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
    const gauge = new Gauge({ name: `elastic_gas_${name}`, help, labelNames, registers: [registry] });
    for (const { labels, value } of samples) gauge.set(labels, value);
  };
  const ofPools = (value: (pool: PoolSnapshot) => number | null): readonly Sample[] =>
    fleet.pools.flatMap((pool) => present({ pool: pool.name }, value(pool)));

  series(
    "pool_desired",
    "Workers that are wanted",
    ofPools(({ desired }) => desired),
  );
  series(
    "pool_min",
    "Smallest size that a policy may choose",
    ofPools(({ min }) => min),
  );
  series(
    "pool_max",
    "Largest size that a policy may choose",
    ofPools(({ max }) => max),
  );
  series(
    "pool_workers",
    "Workers by state",
    fleet.pools.flatMap(({ name, counts }) => countsOf(name, counts)),
  );
  series(
    "pool_paused",
    "1 while the policy is paused",
    ofPools(({ paused }) => Number(paused !== null)),
  );
  series(
    "pool_changes_total",
    "Changes of the desired size since the installation was made",
    changes.map(({ pool, direction, count }) => ({ labels: { pool, direction }, value: count })),
  );
  series(
    "pool_dead_letters",
    "Messages that could not be handled and that nobody has looked after",
    ofPools(({ deadLetters }) => deadLetters),
  );
  series(
    "decision_timestamp_seconds",
    "When the last check was",
    ofPools(({ lastCheck }) => seconds(lastCheck?.at)),
  );
  series(
    "decision_measured",
    "What the last check measured",
    fleet.pools.flatMap(({ name, lastCheck }) =>
      present({ pool: name, unit: lastCheck?.unit ?? "" }, lastCheck?.measured ?? null),
    ),
  );
  series(
    "decision_outcome",
    "1 for the outcome of the last check",
    fleet.pools.flatMap(({ name, lastCheck }) =>
      lastCheck === null ? [] : [{ labels: { pool: name, outcome: lastCheck.outcome }, value: 1 }],
    ),
  );
  series(
    "queue_waiting_jobs",
    "Jobs that waited at the last check",
    ofPools(({ lastCheck }) => lastCheck?.waiting ?? null),
  );
  const { alive, lastCheckAt } = fleet.autoscaler;
  series("autoscaler_up", "1 while the autoscaler checks the pools", [{ labels: {}, value: Number(alive) }]);
  series("autoscaler_check_timestamp_seconds", "When it last checked any pool", present({}, seconds(lastCheckAt)));
  series("cloud_up", "1 while EC2 and the load balancer answer", [
    { labels: {}, value: Number(fleet.cloud.failure === null) },
  ]);
  series(
    "worker_cpu_percent",
    "CPU of a worker now",
    fleet.workers.flatMap(({ id, pool, load }) => present({ pool, instance_id: id }, load?.cpuPercent ?? null)),
  );
  series(
    "worker_work",
    "Requests per minute, or jobs running, of a worker now",
    fleet.workers.flatMap(({ id, pool, load }) => present({ pool, instance_id: id }, load?.work ?? null)),
  );
  series(
    "alerts",
    "Alerts by severity",
    (["bad", "warn", "info"] as const).map((tone) => ({
      labels: { tone },
      value: fleet.alerts.filter((alert) => alert.tone === tone).length,
    })),
  );
  return registry;
}

/** No sample where nothing is known: a missing value is not zero. */
function present(labels: Labels, value: number | null): readonly Sample[] {
  return value === null ? [] : [{ labels, value }];
}

function seconds(at: number | null | undefined): number | null {
  return at == null ? null : at / 1000;
}

function countsOf(pool: string, counts: PoolSnapshot["counts"]): readonly Sample[] {
  return Object.entries(counts).map(([key, value]) => ({
    labels: { pool, state: key === "inService" ? "in service" : key },
    value,
  }));
}
