import { type InstanceRecord, userInitiated } from "./record.ts";

/** What the supervisor sees of an instance besides its record. */
export interface Seen {
  /** Living processes of its session. */
  readonly processes: number;
}

export interface LifecycleSettings {
  readonly folderSeconds: number;
  readonly consoleSeconds: number;
}

/** One thing that is due for an instance. The supervisor carries it out; the record then says what is due next. */
export type Step =
  | { readonly kind: "launch" }
  | { readonly kind: "begin-shutdown"; readonly changes: Partial<InstanceRecord> }
  | { readonly kind: "kill" }
  | { readonly kind: "end"; readonly changes: Partial<InstanceRecord> }
  | { readonly kind: "clean-folder" }
  | { readonly kind: "remove-folder" };

/**
 * What is due now; null: nothing. All waiting is in the record as an instant, so that the next process goes on where a
 * killed
 * one stopped.
 */
export function nextStep(record: InstanceRecord, seen: Seen, settings: LifecycleSettings, now: Date): Step | null {
  const isDue = (at: Date | null) => at !== null && at <= now;
  switch (record.state) {
    case "pending":
      return isDue(record.bootsAt) ? { kind: "launch" } : null;
    case "running":
      return seen.processes === 0 ? { kind: "begin-shutdown", changes: shutItselfDown(record) } : null;
    case "shutting-down":
      if (seen.processes === 0) return { kind: "end", changes: { state: "terminated", ...ended(now) } };
      return isDue(record.killsAt) ? { kind: "kill" } : null;
    case "stopping":
      if (seen.processes === 0) return { kind: "end", changes: { state: "stopped", ...ended(now) } };
      return isDue(record.killsAt) ? { kind: "kill" } : null;
    case "stopped":
      return seen.processes === 0 ? null : { kind: "kill" };
    case "terminated": {
      if (record.endedAt === null || record.folderRemoved) return null;
      const seconds = (now.getTime() - record.endedAt.getTime()) / 1000;
      if (seconds >= settings.consoleSeconds) return { kind: "remove-folder" };
      return seconds >= settings.folderSeconds ? { kind: "clean-folder" } : null;
    }
  }
}

/** TerminateInstances; null: nothing to do, which EC2 answers with the unchanged state. */
export function terminate(record: InstanceRecord, graceSeconds: number, now: Date): Partial<InstanceRecord> | null {
  if (record.state === "terminated" || record.state === "shutting-down") return null;
  return { state: "shutting-down", killsAt: after(now, graceSeconds), ...byUser(now) };
}

/** The end of a spot instance that EC2 needs for others; null: it has ended or ends already. */
export function takeBack(record: InstanceRecord, graceSeconds: number, now: Date): Partial<InstanceRecord> | null {
  const changes = terminate(record, graceSeconds, now);
  if (changes === null) return null;
  const code = "Server.SpotInstanceTermination";
  return {
    ...changes,
    stateReason: { code, message: `${code}: Instance terminated as EC2 takes its capacity back` },
    stateTransitionReason: "",
  };
}

/** StopInstances; null: it is stopping or stopped already. `"refused"`: not possible in this state. */
export function stop(
  record: InstanceRecord,
  graceSeconds: number,
  now: Date,
): Partial<InstanceRecord> | null | "refused" {
  if (record.state === "stopping" || record.state === "stopped") return null;
  if (record.state !== "running") return "refused";
  return { state: "stopping", killsAt: after(now, graceSeconds), ...byUser(now) };
}

/** StartInstances; null: it is starting or running already. */
export function start(
  record: InstanceRecord,
  bootSeconds: number,
  now: Date,
): Partial<InstanceRecord> | null | "refused" {
  if (record.state === "pending" || record.state === "running") return null;
  if (record.state !== "stopped") return "refused";
  return {
    state: "pending",
    stateReason: null,
    stateTransitionReason: "",
    launchedAt: now,
    bootsAt: after(now, bootSeconds),
    startedAt: null,
    endedAt: null,
  };
}

export function after(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}

function byUser(now: Date): Partial<InstanceRecord> {
  return {
    stateReason: {
      code: "Client.UserInitiatedShutdown",
      message: "Client.UserInitiatedShutdown: User initiated shutdown",
    },
    stateTransitionReason: userInitiated(now),
  };
}

function shutItselfDown(record: InstanceRecord): Partial<InstanceRecord> {
  return {
    state: record.shutdownBehavior === "terminate" ? "shutting-down" : "stopping",
    stateReason: {
      code: "Client.InstanceInitiatedShutdown",
      message: "Client.InstanceInitiatedShutdown: Instance initiated shutdown",
    },
    stateTransitionReason: "",
    killsAt: null,
  };
}

function ended(now: Date): Partial<InstanceRecord> {
  return { leader: null, killsAt: null, hung: false, endedAt: now };
}
