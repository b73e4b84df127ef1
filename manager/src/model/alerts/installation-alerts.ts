import { formatInterval } from "@elastic-gas/shared/format/durations";
import { formatCountOf, formatNumber } from "@elastic-gas/shared/format/numbers";
import type { Alert } from "../fleet/alert.ts";
import type { AlertFacts } from "./alert-facts.ts";

/** More missed checks than this mean that the autoscaler does not tick. */
const MISSED_CHECKS = 3;
/** A lease runs out and is taken again within seconds when an autoscaler is replaced by another. */
const LEASE_GAP_MS = 15_000;

/** What concerns every pool: the autoscaler, AWS, the machine, a deletion, messages. */
export function installationAlerts(facts: AlertFacts): readonly Alert[] {
  return [
    autoscalerAlert(facts),
    cloudAlert(facts),
    saturationAlert(facts),
    deletionAlert(facts),
    ...deadLetterAlerts(facts),
  ].filter((alert) => alert !== null);
}

/** Null while the autoscaler ticks, or before its first check. */
export function silenceOfAutoscaler(
  now: number,
  { lastCheckAt, tickSeconds }: { readonly lastCheckAt: number | null; readonly tickSeconds: number },
): number | null {
  if (lastCheckAt === null) return null;
  const silence = now - lastCheckAt;
  return silence > MISSED_CHECKS * tickSeconds * 1000 ? silence : null;
}

function autoscalerAlert(facts: AlertFacts): Alert | null {
  const { now, lease, stopping } = facts;
  const link = { href: "/decisions", text: "Decisions" };
  const text = "Pools keep their size; lost workers are not replaced.";
  const free = lease !== null && (lease.until === null || now - lease.until > LEASE_GAP_MS);
  const silence = silenceOfAutoscaler(now, facts);
  if (silence !== null) {
    return {
      id: "autoscaler",
      tone: "bad",
      pool: null,
      start: `The autoscaler has not checked for ${formatInterval(silence)}.`,
      text,
      remedy: free
        ? "No autoscaler holds the lease: check whether the part “autoscaler” runs, in what start.sh prints. start.sh starts it again when it dies; an autoscaler waits while MySQL does not answer."
        : "An autoscaler holds the lease but decides nothing: look at its log. It waits while EC2, the load balancer or CloudWatch do not answer.",
      at: facts.lastCheckAt ?? now,
      link,
    };
  }
  if (!free || stopping) return null;
  return {
    id: "lease",
    tone: "bad",
    pool: null,
    start: "No autoscaler acts: nobody holds the lease.",
    text,
    remedy:
      "Check whether the part “autoscaler” runs, in what start.sh prints. A second autoscaler takes over by itself within seconds.",
    at: lease.until ?? now,
    link,
  };
}

function cloudAlert({ cloudFailure }: AlertFacts): Alert | null {
  if (cloudFailure === null) return null;
  return {
    id: "cloud",
    tone: "bad",
    pool: null,
    start: "AWS does not answer.",
    text: cloudFailure.sentence,
    remedy:
      "Check whether local-cloud (or AWS) can be reached from this machine. The next attempt comes by itself, within 2\u00a0s while a page is open.",
    at: cloudFailure.since,
    link: null,
  };
}

function saturationAlert({ hostSaturation, workers, now }: AlertFacts): Alert | null {
  const running = workers.filter((worker) => worker.state !== "terminated").length;
  if (hostSaturation === null || running === 0) return null;
  const { since, percent } = hostSaturation;
  return {
    id: "host",
    tone: "warn",
    pool: null,
    start: "Host saturated.",
    text: `This machine's CPU has been at ${formatNumber(percent)}\u00a0% for ${formatInterval(now - since)}. Another worker adds no capacity; it takes its share from the others.`,
    remedy: `Lower the maximum of a pool, end other programs on the machine, or take a machine with more cores. ${formatCountOf(running, "worker")} share it now.`,
    at: since,
    link: { href: "/workers", text: "Workers" },
  };
}

function deletionAlert({ deletionFailure }: AlertFacts): Alert | null {
  if (deletionFailure === null) return null;
  return {
    id: "deletion",
    tone: "warn",
    pool: null,
    start: "The last deletion stopped half-way.",
    text: deletionFailure.sentence,
    remedy: "Start it again when what it names answers; it goes on with what is left.",
    at: deletionFailure.at,
    link: { href: "/settings/delete", text: "Delete all data" },
  };
}

function deadLetterAlerts({ deadLetters }: AlertFacts): readonly Alert[] {
  return deadLetters.map((letters) => ({
    id: `dead-${letters.queue}`,
    tone: "bad",
    pool: null,
    start: `${formatCountOf(letters.count, "message")} of queue ${letters.queue} could not be handled.`,
    text: letters.outcome,
    remedy:
      "The list below says what became of each; a failed job can be run again by its owner. Mark them when you have looked.",
    at: letters.latestAt,
    link: { href: "/alerts#dead-letters", text: "Dead letters" },
  }));
}
