import { randomBytes } from "node:crypto";
import { z } from "zod";

/**
 * The life of an instance, with EC2's names and codes:
 *
 *   pending -> running -> shutting-down -> terminated
 *                 |  ^
 *                 v  |  (StartInstances goes through pending)
 *              stopping -> stopped -> shutting-down -> terminated
 */
export const STATE_CODES = {
  pending: 0,
  running: 16,
  "shutting-down": 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
} as const;

/** A process that is identified for ever: pids are used again, a pid with its start time and boot is not. */
const LeaderSchema = z.object({ pid: z.number(), startTicks: z.number(), bootId: z.string() });

const InstanceRecordSchema = z.object({
  instanceId: z.string(),
  reservationId: z.string(),
  launchIndex: z.number(),
  clientToken: z.string().nullable(),
  imageId: z.string(),
  instanceType: z.string(),
  subnetId: z.string(),
  availabilityZone: z.string(),
  vpcId: z.string(),
  privateIpAddress: z.string(),
  metadataPort: z.number(),
  /** Signs metadata tokens, so that tokens survive a restart of local-cloud. */
  metadataSecret: z.string(),
  httpTokens: z.enum(["required", "optional"]),
  httpEndpoint: z.enum(["enabled", "disabled"]),
  instanceMetadataTags: z.enum(["enabled", "disabled"]),
  securityGroupIds: z.array(z.string()),
  profileName: z.string().nullable(),
  /** The script in plain text, not base64. */
  userData: z.string(),
  detailedMonitoring: z.boolean(),
  shutdownBehavior: z.enum(["stop", "terminate"]),
  terminationProtected: z.boolean(),
  tags: z.record(z.string(), z.string()),
  state: z.enum(["pending", "running", "shutting-down", "terminated", "stopping", "stopped"]),
  stateReason: z.object({ code: z.string(), message: z.string() }).nullable(),
  stateTransitionReason: z.string(),
  launchedAt: z.coerce.date(),
  /** Boot ends: the script starts. */
  bootsAt: z.coerce.date(),
  startedAt: z.coerce.date().nullable(),
  leader: LeaderSchema.nullable(),
  /** Set while the processes were asked to end: then comes SIGKILL. */
  killsAt: z.coerce.date().nullable(),
  /** Stopped as a whole by fault injection; nothing may resume it. */
  hung: z.boolean(),
  endedAt: z.coerce.date().nullable(),
  folderRemoved: z.boolean(),
});

export type InstanceRecord = Readonly<z.infer<typeof InstanceRecordSchema>>;

export function parseRecord(json: string): InstanceRecord {
  return InstanceRecordSchema.parse(JSON.parse(json));
}

/** A new id in EC2's form: prefix and 17 hexadecimal digits, such as `i-0123456789abcdef0`. */
export function newId(prefix: "i" | "r"): string {
  return `${prefix}-0${randomBytes(8).toString("hex")}`;
}

/** Is there, or will be again without a new launch: everything but terminated. */
export function isAlive(record: InstanceRecord): boolean {
  return record.state !== "terminated";
}

/** Has, or may have, processes. */
export function hasSession(record: InstanceRecord): boolean {
  return record.state === "running" || record.state === "shutting-down" || record.state === "stopping";
}

/** EC2's form of an instant in a StateTransitionReason, such as `User initiated (2026-03-01 12:00:00 GMT)`. */
export function userInitiated(now: Date): string {
  return `User initiated (${now.toISOString().slice(0, 19).replace("T", " ")} GMT)`;
}
