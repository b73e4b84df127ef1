import { readFileSync } from "node:fs";
import { createCloud } from "@elastic-gas/autoscaler/context/cloud";
import { Lease } from "@elastic-gas/autoscaler/lease/lease";
import { Autoscaler } from "@elastic-gas/autoscaler/loop";
import { readConfig } from "@elastic-gas/shared/config";
import { connectDatabase } from "@elastic-gas/shared/database/connect";
import { createLogger } from "@elastic-gas/shared/logger";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { readBySdkAlone } from "./sdk-alone.ts";

/** "tick": one pass of the autoscaler; "read": what a pass reads of AWS, without an autoscaler. */
export type Order = { readonly kind: "tick" } | { readonly kind: "read"; readonly instanceIds: readonly string[] };

/** What one piece of work cost this process, garbage collection included. */
export interface Spent {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  /** The largest resident size of the process so far. */
  readonly peakBytes: number;
}

/** Child process: an autoscaler whose passes its parent asks for, so that CPU time and memory are its own. */
const config = readConfig(process.env);
const context = {
  config,
  resources: resourcesOf(config),
  db: connectDatabase({ url: config.DATABASE_URL, connectionLimit: 4 }),
  // A page of 1,000 instances takes long on a machine that does much else.
  cloud: createCloud(config, { requestTimeoutMs: 60_000 }),
  log: createLogger("tick-cost", process.env.LOG_LEVEL ?? "error"),
  userDataTemplate: "",
};
const lease = new Lease(context.db, { holder: "tick-cost", leaseSeconds: config.LEASE_SECONDS });
const autoscaler = new Autoscaler({ ...context, lease }, undefined);

process.on("message", (order: Order) => {
  obey(order).then(
    (spent) => process.send?.(spent),
    (error: unknown) => {
      console.error(error);
      process.exit(1); // the parent sees the exit in place of an answer
    },
  );
});
process.on("disconnect", () => process.exit()); // its parent has gone
process.send?.("ready");

async function obey(order: Order): Promise<Spent> {
  if (order.kind === "read") return spend(() => readBySdkAlone(context, order.instanceIds));
  await autoscaler.renewLease();
  return spend(() => autoscaler.pass(new AbortController().signal));
}

async function spend(work: () => Promise<unknown>): Promise<Spent> {
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  await work();
  const milliseconds = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  return { milliseconds, cpuMilliseconds: (user + system) / 1_000, peakBytes: peakBytes() };
}

/** https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
function peakBytes(): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kibibytes) * 1024;
}
