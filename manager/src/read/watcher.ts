import { setTimeout as sleep } from "node:timers/promises";
import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { Logger } from "@elastic-gas/shared/logger";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { WaitingWork } from "../model/alerts/waiting-work.ts";
import type { ChartSnapshot } from "../model/charts/chart-snapshot.ts";
import { type RangeName, spanOf } from "../model/charts/range.ts";
import type { FleetSnapshot } from "../model/fleet/fleet-snapshot.ts";
import { endsWith, readCharts } from "./read-charts.ts";
import { type CloudFailure, type CloudView, type FleetDeps, poolOf, readCloud, readFleet } from "./read-fleet.ts";
import { readVitals, type Vitals } from "./vitals.ts";
import { listWaitingWork } from "./waiting-work.ts";

export interface WatcherDeps extends FleetDeps {
  readonly cloudwatch: CloudWatchClient;
  readonly log: Logger;
  readonly now?: () => number;
}

/** A page load within this time of a poll takes that poll's answer, so that many readers cost no more than one. */
const FLEET_FRESH_MS = 1_500;
/** What CloudWatch said this many metric periods ago still counts for alerts. */
const VITALS_PERIODS = 3;
const VITALS_WAIT_MS = 1_000;
/** What waits for minutes is looked for every 10 s at the default: among a million jobs that takes a while. */
const WAITING_LOOKS = 30;

/**
 * The one reader of AWS and MySQL for all viewers. What it holds is the last answer, to be shown again for a moment or,
 * as old, when AWS fails: after a restart it reads the same again.
 */
export class Watcher {
  readonly #deps: WatcherDeps;
  readonly #now: () => number;
  #cloud: CloudView | null = null;
  #failure: CloudFailure | null = null;
  #vitals: Vitals | null = null;
  #vitalsAskedAt = 0;
  #waitingWork: readonly WaitingWork[] = [];
  #waitingWorkReadAt = 0;
  #fleet: FleetSnapshot | null = null;
  #fleetUnderWay: Promise<FleetSnapshot> | null = null;
  readonly #charts = new Map<string, ChartSnapshot>();
  readonly #chartsUnderWay = new Map<string, Promise<ChartSnapshot>>();

  constructor(deps: WatcherDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
  }

  /** The present state. Throws when MySQL does not answer; a failure of AWS is part of the snapshot. */
  async fleet({ fresh = false }: { readonly fresh?: boolean } = {}): Promise<FleetSnapshot> {
    const known = this.#fleet;
    if (!fresh && known !== null && this.#now() - known.at < FLEET_FRESH_MS) return known;
    this.#fleetUnderWay ??= this.#readFleet().finally(() => {
      this.#fleetUnderWay = null;
    });
    return this.#fleetUnderWay;
  }

  /** The charts of one pool; read again when older than `maxAgeMs`, and when the pool has other workers since. */
  async charts(pool: PoolName, range: RangeName, maxAgeMs: number): Promise<ChartSnapshot> {
    const key = `${pool} ${range}`;
    const known = this.#charts.get(key);
    if (known !== undefined && this.#now() - known.at < maxAgeMs) {
      const present = poolOf(await this.fleet(), pool);
      if (endsWith(known, present)) return known;
    }
    const underWay = this.#chartsUnderWay.get(key);
    if (underWay !== undefined) return underWay;
    const reading = this.#readCharts(pool, range).finally(() => this.#chartsUnderWay.delete(key));
    this.#chartsUnderWay.set(key, reading);
    return reading;
  }

  async #readFleet(): Promise<FleetSnapshot> {
    const { log } = this.#deps;
    try {
      this.#cloud = await readCloud(this.#deps, this.#now(), this.#cloud);
      if (this.#failure !== null) log.info("AWS answers again");
      this.#failure = null;
    } catch (error) {
      const name = error instanceof Error ? error.name : "unknown error";
      if (this.#failure === null) log.warn({ err: error }, "AWS could not be read");
      // The load balancer may be another one when it answers again.
      if (this.#cloud !== null) this.#cloud = { ...this.#cloud, balancerAt: 0 };
      this.#failure = {
        since: this.#failure?.since ?? this.#now(),
        sentence: `EC2 or the load balancer did not answer (${name}). Workers are shown as they were last seen.`,
      };
    }
    const vitals = await this.#readVitals();
    const waitingWork = await this.#readWaitingWork();
    this.#fleet = await readFleet(this.#deps, {
      now: this.#now(),
      cloud: this.#cloud,
      failure: this.#failure,
      vitals,
      waitingWork,
    });
    return this.#fleet;
  }

  async #readWaitingWork(): Promise<readonly WaitingWork[]> {
    const { db, config } = this.#deps;
    const now = this.#now();
    if (now - this.#waitingWorkReadAt >= (config.WAITING_ALERT_SECONDS * 1000) / WAITING_LOOKS) {
      this.#waitingWork = await listWaitingWork(db, config);
      this.#waitingWorkReadAt = now;
    }
    return this.#waitingWork;
  }

  /**
   * Asked for once in a metric period, as there is nothing new in between; old ones are better than none for a while.
   */
  async #readVitals(): Promise<Vitals | null> {
    const now = this.#now();
    const periodMs = this.#deps.config.METRIC_PERIOD_SECONDS * 1000;
    if (this.#cloud !== null && this.#failure === null && now - this.#vitalsAskedAt >= periodMs) {
      this.#vitalsAskedAt = now;
      // Which workers there are is more urgent: a CloudWatch that hangs holds up no page.
      await Promise.race([this.#refreshVitals(this.#cloud, now), sleep(VITALS_WAIT_MS, undefined, { ref: false })]);
    }
    return this.#vitals !== null && now - this.#vitals.at <= VITALS_PERIODS * periodMs ? this.#vitals : null;
  }

  async #refreshVitals({ instances }: CloudView, now: number): Promise<void> {
    const { cloudwatch, config, log } = this.#deps;
    try {
      this.#vitals = await readVitals(cloudwatch, instances, {
        now,
        periodSeconds: config.METRIC_PERIOD_SECONDS,
        before: this.#vitals,
      });
    } catch (error) {
      log.warn({ err: error }, "CloudWatch could not be read for alerts");
    }
  }

  async #readCharts(pool: PoolName, range: RangeName): Promise<ChartSnapshot> {
    const { db, cloudwatch, resources, config } = this.#deps;
    const fleet = await this.fleet();
    const span = spanOf(range, this.#now(), config.METRIC_PERIOD_SECONDS);
    const snapshot = await readCharts(
      { db, cloudwatch, resources, tickSeconds: config.TICK_SECONDS },
      {
        pool,
        span,
        balancer: this.#cloud?.balancer ?? null,
        workers: fleet.workers.filter((worker) => worker.pool === pool),
        present: poolOf(fleet, pool),
      },
    );
    this.#charts.set(`${pool} ${range}`, snapshot);
    return snapshot;
  }
}
