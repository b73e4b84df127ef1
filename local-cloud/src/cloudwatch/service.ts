import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { MetricDatum } from "@aws-sdk/client-cloudwatch";
import type { Logger } from "@elastic-gas/shared/logger";
import { METRICS } from "@elastic-gas/shared/metrics";
import { everyMetricPeriod } from "../clock/metric-period.ts";
import { GroupCommit } from "../storage/group-commit.ts";
import { openDatabase } from "../storage/open-database.ts";
import { CpuUtilization, type InstanceCpu } from "./cpu-utilization.ts";
import { pointsOf } from "./datum.ts";
import { HostCpu, readHostTicks } from "./host-cpu.ts";
import { MetricStore } from "./metric-store.ts";
import { metricOperations } from "./operations.ts";

export interface CloudWatchOptions {
  /** The service makes its own folder `cloudwatch` in it. */
  readonly dataDir: string;
  readonly log: Logger;
  readonly now?: () => Date;
  /** Length of a standard period: 60 as in AWS, shorter where a story is to be told faster. */
  readonly metricPeriodSeconds?: number;
  /** The running instances, whose CPUUtilization is published each period. */
  readonly listCpuUsage?: () => readonly InstanceCpu[] | Promise<readonly InstanceCpu[]>;
}

const KEEP_FINE_SECONDS = 3 * 3600; // then points become minutes
const KEEP_SECONDS = 15 * 86_400;
const ROLL_UP_CHUNK = 2000; // points merged before the event loop goes on
const TIDY_MS = 60_000;

export type CloudWatchService = ReturnType<typeof createCloudWatchService>;

/** Close it after those who publish through `put`. */
export function createCloudWatchService(options: CloudWatchOptions) {
  const { dataDir, log, now = () => new Date(), metricPeriodSeconds = 60, listCpuUsage } = options;
  mkdirSync(join(dataDir, "cloudwatch"), { recursive: true });
  const db = openDatabase(join(dataDir, "cloudwatch", "metrics.sqlite"));
  const store = new MetricStore(db);
  const commit = new GroupCommit(db);
  const closing = new AbortController();
  let delaySeconds = 0;
  /** Whether a reader sees a period that begins then: without a delay also the one that has not ended. */
  const isVisible = (at: number, periodSeconds: number): boolean =>
    delaySeconds === 0 || at + periodSeconds <= now().getTime() / 1_000 - delaySeconds;

  async function storeData(namespace: string | undefined, data: readonly MetricDatum[] | undefined): Promise<void> {
    const points = pointsOf(namespace, data, { now: now(), standardSeconds: metricPeriodSeconds });
    const placed = points.map((point) => ({ point, series: store.ensureSeries(point.key, point.unit) }));
    await commit.run(() => {
      for (const { point, series } of placed) store.add(series, point);
    });
  }

  /** For publishers in this process; also for the AWS/ namespaces, which callers from outside may not write. */
  function put(namespace: string, data: readonly MetricDatum[]): void {
    for (let from = 0; from < data.length; from += 1000) {
      storeData(namespace, data.slice(from, from + 1000)).catch((error: unknown) =>
        log.error({ error, namespace }, "metrics could not be stored"),
      );
    }
  }

  let tidiedAt = 0;
  async function tidy(): Promise<void> {
    const at = now().getTime();
    if (at - tidiedAt < TIDY_MS) return;
    tidiedAt = at;
    const seconds = Math.floor(at / 1000);
    // A whole minute, so that it is never read half rolled up.
    const fineBefore = Math.floor((seconds - KEEP_FINE_SECONDS) / 60) * 60;
    while ((await commit.run(() => store.rollUp(fineBefore, ROLL_UP_CHUNK))) === ROLL_UP_CHUNK) {}
    commit.flush(); // what waits belongs to series that must not be deleted as empty
    store.deleteBefore(seconds - KEEP_SECONDS);
  }

  const cpu = new CpuUtilization();
  const hostCpu = new HostCpu();
  const publishing = everyMetricPeriod(
    { seconds: metricPeriodSeconds, now, signal: closing.signal, log },
    async (period) => {
      await tidy();
      const host = hostCpu.data(readHostTicks(), period);
      if (host.length > 0) put(METRICS.hostCpu.namespace, host);
      if (!listCpuUsage) return;
      const data = cpu.data(await listCpuUsage(), period, now());
      if (data.length > 0) put("AWS/EC2", data);
    },
  );

  return {
    handlers: metricOperations(store, { now, put: storeData, isVisible }),
    put,
    /** Changes at once what faults change while running. */
    tune: (changes: { readonly delaySeconds: number }): void => {
      delaySeconds = changes.delaySeconds;
    },
    async close(): Promise<void> {
      if (closing.signal.aborted) return;
      closing.abort();
      await publishing;
      commit.flush();
      db.close();
    },
  };
}
