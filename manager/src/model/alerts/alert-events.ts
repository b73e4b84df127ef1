/** What a channel can be told of. */
export const ALERT_EVENTS = {
  grow: "a pool grows",
  shrink: "a pool shrinks",
  launch: "launches fail",
  limit: "a pool is at its maximum and wants more",
  data: "data are missing",
  health: "workers are unhealthy or were replaced",
  unchecked: "pools are not checked: the autoscaler or AWS does not answer",
  model: "photos cannot be checked: the mask model is missing",
  letters: "messages could not be handled (dead letters)",
  host: "the machine is saturated",
  paused: "a pool is paused",
  other: "anything else under Alerts",
} as const;
export type AlertEvent = keyof typeof ALERT_EVENTS;
export const ALERT_EVENT_NAMES = Object.keys(ALERT_EVENTS) as readonly AlertEvent[]; // the keys above

/** By the first word of an alert's id. */
const EVENTS: Readonly<Record<string, AlertEvent>> = {
  launch: "launch",
  limit: "limit",
  no: "data",
  cpu: "data",
  mass: "health",
  unhealthy: "health",
  replaced: "health",
  autoscaler: "unchecked",
  lease: "unchecked",
  cloud: "unchecked",
  model: "model",
  dead: "letters",
  host: "host",
  paused: "paused",
};

export function eventOfAlert(alertId: string): AlertEvent {
  return EVENTS[alertId.split("-")[0] ?? ""] ?? "other";
}

/** A replaced worker is shown for a while and then not any more; that is no end worth telling. */
export function alertEnds(alertId: string): boolean {
  return !alertId.startsWith("replaced-");
}
