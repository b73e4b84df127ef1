import { Interruption } from "@elastic-gas/shared/aws/interruption";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatTime } from "@elastic-gas/shared/format/times";
import { z } from "zod";
import { Instant } from "./observation.ts";

/** Why a worker ends; `lost`: nobody of us ended it. */
export const EndCause = z.enum(["shrink", "replacement", "update", "stop", "lost"]);
export type EndCause = z.infer<typeof EndCause>;

/** AWS's code and, where it gives one, its own sentence. */
const Health = z.object({ code: z.string().nullable(), description: z.string().nullable() });

/** What is wrong with a worker that the autoscaler replaces for it. */
const FAULTS = [
  z.object({ kind: z.literal("overdue"), afterMs: z.number() }),
  z.object({ kind: z.literal("failing checks"), since: Instant, health: Health }),
  z.object({ kind: z.literal("not registered"), since: Instant }),
  z.object({ kind: z.literal("deregistered"), since: Instant }),
  z.object({ kind: z.literal("silent"), beatAt: Instant }),
  z.object({ kind: z.literal("without database"), lostAt: Instant }),
  z.object({ kind: z.literal("interruption"), ...Interruption.shape }),
] as const;
export const WorkerFault = z.discriminatedUnion("kind", FAULTS);
export type WorkerFault = z.infer<typeof WorkerFault>;

/** Null for what is none. */
export function readFault(stored: unknown): WorkerFault | null {
  return stored == null ? null : (WorkerFault.safeParse(stored).data ?? null);
}

const Ending = { cause: EndCause.nullable(), because: WorkerFault.nullable() };

/**
 * Why a worker is in its state, as data; `describeWorkerReason` makes the sentence. Instants are epoch milliseconds.
 */
export const WorkerReason = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("booting"), deadlineAt: Instant }),
  z.object({ kind: z.literal("first checks"), health: Health }),
  z.object({ kind: z.literal("healthy") }),
  z.object({ kind: z.literal("idle") }),
  z.object({ kind: z.literal("runs job"), jobId: z.string() }),
  ...FAULTS,
  z.object({ kind: z.literal("draining"), ...Ending, finishes: z.enum(["requests", "job", "message"]) }),
  z.object({ kind: z.literal("stopped") }),
  z.object({ kind: z.literal("terminating"), ...Ending, said: z.string().nullable() }),
  z.object({ kind: z.literal("terminated"), ...Ending, said: z.string().nullable() }),
]);
export type WorkerReason = z.infer<typeof WorkerReason>;

export interface ReasonReader {
  readonly now: number;
  readonly timeZone: string;
}

/** The words beside a worker's state, without a capital and without a full stop. */
export function describeWorkerReason(reason: WorkerReason, reader: ReasonReader): string {
  switch (reason.kind) {
    case "booting":
      return `booting; replaced at ${clockSeconds(reason.deadlineAt, reader)} if not in service`;
    case "first checks":
      // Of a worker that starts: nothing is wrong yet.
      return `${describeHealth(reason.health)}${reason.health.code?.startsWith("Target.") ? " so far" : ""}`;
    case "healthy":
      return "healthy";
    case "idle":
      return "idle";
    case "runs job":
      return `runs job ${reason.jobId.slice(0, 8)}`;
    case "draining":
      return joined(describeEnding(reason, reader), FINISHES[reason.finishes]);
    case "stopped":
      return "stopped in EC2; will be terminated";
    case "terminating":
      return joined(describeEnding(reason, reader), "terminating");
    case "terminated":
      return describeEnding(reason, reader) ?? reason.said ?? "terminated";
    case "overdue":
      return `${describeFault(reason, reader)}; will be replaced`;
    default:
      return describeFault(reason, reader);
  }
}

/** "unhealthy for 60 s (health check timed out)": what is, or was, wrong with a worker. */
export function describeFault(fault: WorkerFault, reader: ReasonReader): string {
  const since = (at: number): string => formatDuration(Math.round(Math.max(0, reader.now - at) / 1_000));
  switch (fault.kind) {
    case "overdue":
      return `not in service after ${formatDuration(fault.afterMs / 1_000)}`;
    case "failing checks":
      return `unhealthy for ${since(fault.since)} (${describeHealth(fault.health)})`;
    case "not registered":
      return `not registered with the load balancer for ${since(fault.since)}`;
    case "deregistered":
      return `deregistered by someone else for ${since(fault.since)}`;
    case "silent":
      return `no heartbeat for ${since(fault.beatAt)}`;
    case "without database":
      return `could not use the database for ${since(fault.lostAt)} while other workers could`;
    case "interruption":
      return describeInterruption(fault, reader);
  }
}

/** The sentence of a replacement's activity. */
export function describeReplacement(
  pool: string,
  { id, because }: { readonly id: string; readonly because: WorkerFault | null },
  reader: ReasonReader,
): string {
  if (because === null) return `${pool} replaced ${id}: as asked for, after another worker came into service.`;
  return `${pool} replaced ${id}: ${describeFault(because, reader)}.`;
}

const FINISHES = { requests: "finishes open requests", job: "finishes its job", message: "finishes" } as const;

/** An ended worker's fault is told without its duration, which would go on counting. */
function describeEnding(
  { cause, because, ...rest }: { readonly cause: EndCause | null; readonly because: WorkerFault | null },
  reader: ReasonReader,
): string | null {
  switch (cause) {
    case null:
      return null;
    case "shrink":
      return "the pool shrinks";
    case "update":
      return "replaced by another release";
    case "stop":
      return "the manager stops";
    case "replacement":
      return because === null ? "replaced as asked for" : `replaced: ${describePastFault(because, reader)}`;
    case "lost": {
      const said = "said" in rest && typeof rest.said === "string" ? ` (${rest.said})` : "";
      return `lost${said}`;
    }
  }
}

function describePastFault(fault: WorkerFault, reader: ReasonReader): string {
  switch (fault.kind) {
    case "overdue":
      return describeFault(fault, reader);
    case "failing checks":
      return describeHealth(fault.health);
    case "not registered":
      return "not registered with the load balancer";
    case "deregistered":
      return "deregistered by someone else";
    case "silent":
      return `no heartbeat since ${clockSeconds(fault.beatAt, reader)}`;
    case "without database":
      return `could not use the database from ${clockSeconds(fault.lostAt, reader)} on while other workers could`;
    case "interruption":
      return describeInterruption(fault, reader);
  }
}

function describeInterruption({ what, at }: Interruption, reader: ReasonReader): string {
  switch (what) {
    case "spot":
      return `EC2 takes this spot instance back${at === null ? "" : ` at ${clockSeconds(at, reader)}`}`;
    case "rebalance":
      return "EC2 expects to take this spot instance back soon";
    case "scheduled":
      return `EC2 retires this instance's machine${at === null ? "" : ` on ${formatTime(at, "minute", { zone: reader.timeZone })}`}`;
  }
}

/**
 * AWS's sentence, or words for its code:
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
 */
function describeHealth({ code, description }: z.infer<typeof Health>): string {
  if (description !== null && description !== "") return description.replace(/\.$/, "");
  return HEALTH_CODES[code ?? ""] ?? code ?? "no reason given";
}

const HEALTH_CODES: Readonly<Record<string, string>> = {
  "Elb.RegistrationInProgress": "target registration is in progress",
  "Elb.InitialHealthChecking": "first health checks in progress",
  "Target.ResponseCodeMismatch": "health check answered with an error",
  "Target.Timeout": "health check timed out",
  "Target.FailedHealthChecks": "health check failed",
  "Target.NotInUse": "not in use",
  "Target.InvalidState": "the instance is stopping",
  "Elb.InternalError": "the load balancer had an internal error",
};

function joined(first: string | null, second: string): string {
  return first === null ? second : `${first}; ${second}`;
}

/** 14:01:20 */
function clockSeconds(at: number, { timeZone }: ReasonReader): string {
  return formatTime(at, "time", { zone: timeZone });
}
