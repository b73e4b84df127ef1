import { z } from "zod";
import { SERVICES } from "../wire/services.ts";

const MAX_SECONDS = 86_400;
const [firstId, ...otherIds] = SERVICES.map(({ id }) => id);
const Service = z.enum(firstId === undefined ? [] : [firstId, ...otherIds]);

const common = {
  /** Real seconds until it ends by itself. */
  durationSeconds: z.number().positive().max(MAX_SECONDS).default(60),
};
const onCalls = {
  ...common,
  /** Without it: every service. */
  service: Service.optional(),
  /** Without it: every operation. */
  operation: z.string().min(1).optional(),
  /** Share of the calls that it strikes, 0-100. */
  percent: z.number().gt(0).max(100).default(100),
  /** Ends after so many strikes. */
  times: z.int().positive().optional(),
};
const seconds = z.number().min(0).max(MAX_SECONDS);
const InstanceId = z.string().regex(/^i-[0-9a-f]{8,17}$/, "an instance id such as i-0123456789abcdef0");

/** Faults of single calls. */
export const CallFault = z.discriminatedUnion("kind", [
  /** The service's own throttling error. */
  z.strictObject({ kind: z.literal("throttling"), ...onCalls }),
  z.strictObject({ kind: z.literal("internal-error"), ...onCalls }),
  z.strictObject({
    kind: z.literal("error"),
    errorName: z.string().regex(/^[\w.]{1,100}$/, "an AWS error code such as InsufficientInstanceCapacity"),
    statusCode: z.int().min(400).max(599).default(400),
    message: z.string().max(500).default("A fault that was asked for."),
    ...onCalls,
  }),
  /** Nothing is done and nothing answered; then the connection is cut. */
  z.strictObject({ kind: z.literal("hang"), seconds, ...onCalls }),
  /** The operation is carried out, but the connection is cut instead of an answer. */
  z.strictObject({ kind: z.literal("lost-response"), ...onCalls }),
  /** The answer comes, later. */
  z.strictObject({ kind: z.literal("latency"), seconds, ...onCalls }),
]);

/** Faults of a state (of EC2, of Glacier, of the disk) while they last. */
export const StateFault = z.discriminatedUnion("kind", [
  /** EC2's Describe answers are that old. */
  z.strictObject({ kind: z.literal("describe-lag"), seconds: z.number().min(0).max(300), ...common }),
  /** Launches beyond so many instances: InsufficientInstanceCapacity. */
  z.strictObject({ kind: z.literal("capacity"), instances: z.int().min(0), ...common }),
  /** The next launches take longer to boot. */
  z.strictObject({
    kind: z.literal("slow-boot"),
    extraSeconds: seconds,
    launches: z.int().positive().default(1),
    ...common,
  }),
  /** The next launches run but never start their worker. */
  z.strictObject({ kind: z.literal("never-healthy"), launches: z.int().positive().default(1), ...common }),
  /** All processes of an instance stand still. */
  z.strictObject({ kind: z.literal("hang-instance"), instanceId: InstanceId, ...common }),
  /** An instance with CPU credits has none left: it gets its baseline, in percent of its CPU. */
  z.strictObject({
    kind: z.literal("no-cpu-credits"),
    instanceId: InstanceId,
    baselinePercent: z.number().min(1).max(100).default(20),
    ...common,
  }),
  /** All instances of the zone lose their power, and none can be launched there. */
  z.strictObject({
    kind: z.literal("zone-failure"),
    zone: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, "a zone such as us-east-1a"),
    ...common,
  }),
  /** CloudWatch's newest points are that old. */
  z.strictObject({ kind: z.literal("metric-delay"), seconds: z.number().min(0).max(3_600), ...common }),
  /** EC2 takes a spot instance back: it says so, and ends it then; not when the fault ends before. */
  z.strictObject({
    kind: z.literal("spot-interruption"),
    instanceId: InstanceId,
    seconds: seconds.default(120),
    ...common,
    durationSeconds: common.durationSeconds.default(600),
  }),
  /** EC2 says that it may take a spot instance back soon. */
  z.strictObject({ kind: z.literal("rebalance-recommendation"), instanceId: InstanceId, ...common }),
  /** EC2 says when it stops an instance, whose machine is to be retired. */
  z.strictObject({
    kind: z.literal("instance-retirement"),
    instanceId: InstanceId,
    seconds: seconds.default(3_600),
    ...common,
  }),
  /** Objects and archives are refused; everything else goes on. */
  z.strictObject({ kind: z.literal("disk-full"), ...common }),
  /** Expedited retrievals beyond so many at a time: InsufficientCapacityException. */
  z.strictObject({ kind: z.literal("expedited-capacity"), retrievals: z.int().min(0), ...common }),
  /** The next retrievals fail when their time is over. */
  z.strictObject({ kind: z.literal("failing-retrievals"), retrievals: z.int().positive().default(1), ...common }),
]);

/** Done at once and over. */
export const KillInstance = z.strictObject({ kind: z.literal("kill-instance"), instanceId: InstanceId });

export const FaultRequest = z.discriminatedUnion("kind", [CallFault, StateFault, KillInstance]);

export type CallFault = z.infer<typeof CallFault>;
export type StateFault = z.infer<typeof StateFault>;
export type Fault = CallFault | StateFault;

/** A fault in force. */
export interface Rule<Kind extends Fault = Fault> {
  readonly id: string;
  readonly fault: Kind;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly strikes: number;
}

const CALL_KINDS: ReadonlySet<string> = new Set([
  "throttling",
  "internal-error",
  "error",
  "hang",
  "lost-response",
  "latency",
]);

export function isCallFault(fault: Fault): fault is CallFault {
  return CALL_KINDS.has(fault.kind);
}

/**
 * Which rules strike a call, oldest first: all that add latency up to the first that decides the outcome, which is the
 * last. `draw` gives numbers from 0 up to 1.
 */
export function strikingRules(
  rules: readonly Rule[],
  call: { readonly service: string; readonly operation: string },
  draw: () => number,
): readonly Rule<CallFault>[] {
  const striking: Rule<CallFault>[] = [];
  for (const { fault, ...rest } of rules) {
    if (!isCallFault(fault) || !concerns(fault, call) || draw() * 100 >= fault.percent) continue;
    striking.push({ ...rest, fault });
    if (fault.kind !== "latency") break;
  }
  return striking;
}

function concerns(fault: CallFault, call: { readonly service: string; readonly operation: string }): boolean {
  return (
    (fault.service === undefined || fault.service === call.service) &&
    (fault.operation === undefined || fault.operation === call.operation)
  );
}
