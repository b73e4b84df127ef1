import type { Fault, KillInstance } from "./rule.ts";

/** One field of a form; its name is that of the fault's property. */
export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly type: "number" | "text" | "service" | "operation" | "instance";
  readonly required?: boolean;
  /** What stands in it at first. */
  readonly value?: string;
  readonly min?: number;
  readonly max?: number;
  readonly step?: "any" | 1;
}

export interface FaultForm {
  readonly kind: Fault["kind"] | (typeof KillInstance)["shape"]["kind"]["value"];
  readonly title: string;
  readonly what: string;
  readonly fields: readonly FormField[];
}

const MAX_SECONDS = 86_400;
const seconds = (name: string, label: string, value: string): FormField => ({
  name,
  label,
  type: "number",
  required: true,
  value,
  min: 0,
  max: MAX_SECONDS,
  step: "any",
});
const count = (name: string, label: string, value: string, min: 0 | 1): FormField => ({
  name,
  label,
  type: "number",
  required: true,
  value,
  min,
  step: 1,
});
const LASTS = seconds("durationSeconds", "Lasts (seconds)", "60");
const INSTANCE: FormField = { name: "instanceId", label: "Instance", type: "instance", required: true };
const ON_CALLS: readonly FormField[] = [
  { name: "service", label: "Service", type: "service" },
  { name: "operation", label: "Operation (empty: all)", type: "operation" },
  { name: "percent", label: "Share of the calls (%)", type: "number", value: "100", min: 1, max: 100, step: "any" },
  { name: "times", label: "Ends after so many (empty: never)", type: "number", min: 1, step: 1 },
  LASTS,
];

/** What the page offers: every kind of fault that rule.ts knows. */
export const FAULT_FORMS: readonly FaultForm[] = [
  {
    kind: "throttling",
    title: "Throttling",
    what: "Calls fail with the service's own throttling error.",
    fields: ON_CALLS,
  },
  { kind: "internal-error", title: "Internal error", what: "Calls fail with status 500.", fields: ON_CALLS },
  {
    kind: "error",
    title: "Any error",
    what: "Calls fail with an error of your choice.",
    fields: [
      { name: "errorName", label: "Error code", type: "text", required: true, value: "InsufficientInstanceCapacity" },
      { name: "statusCode", label: "Status", type: "number", value: "400", min: 400, max: 599, step: 1 },
      ...ON_CALLS,
    ],
  },
  {
    kind: "hang",
    title: "Hang",
    what: "Calls are neither carried out nor answered; then the connection is cut.",
    fields: [seconds("seconds", "Hangs for (seconds)", "10"), ...ON_CALLS],
  },
  {
    kind: "lost-response",
    title: "Lost response",
    what: "Calls take effect, but the connection is cut instead of an answer.",
    fields: ON_CALLS,
  },
  {
    kind: "latency",
    title: "Latency",
    what: "Calls are answered later.",
    fields: [seconds("seconds", "Later by (seconds)", "1"), ...ON_CALLS],
  },
  {
    kind: "describe-lag",
    title: "Describe lag",
    what: "EC2's Describe answers are that old.",
    fields: [{ ...seconds("seconds", "Age of the answers (seconds)", "30"), max: 300 }, LASTS],
  },
  {
    kind: "capacity",
    title: "Capacity",
    what: "Launches beyond so many instances fail with InsufficientInstanceCapacity.",
    fields: [count("instances", "Instances at most", "0", 0), LASTS],
  },
  {
    kind: "slow-boot",
    title: "Slow boot",
    what: "The next launches take longer to boot.",
    fields: [seconds("extraSeconds", "Longer by (seconds)", "60"), count("launches", "Launches", "1", 1), LASTS],
  },
  {
    kind: "never-healthy",
    title: "Never healthy",
    what: "The next launches run, but never start their worker.",
    fields: [count("launches", "Launches", "1", 1), LASTS],
  },
  {
    kind: "hang-instance",
    title: "Hang an instance",
    what: "All processes of the instance stand still.",
    fields: [INSTANCE, LASTS],
  },
  {
    kind: "no-cpu-credits",
    title: "No CPU credits",
    what: "The instance gets its baseline only, as a t3 whose credits are spent. CPUUtilization stays at it.",
    fields: [
      INSTANCE,
      {
        name: "baselinePercent",
        label: "Baseline (% of its CPU)",
        type: "number",
        required: true,
        value: "20",
        min: 1,
        max: 100,
        step: "any",
      },
      LASTS,
    ],
  },
  {
    kind: "kill-instance",
    title: "Kill an instance",
    what: "All processes of the instance are killed at once, as by a power failure.",
    fields: [INSTANCE],
  },
  {
    kind: "zone-failure",
    title: "Zone failure",
    what: "All instances of the zone lose their power, and launches there fail with InsufficientInstanceCapacity.",
    fields: [{ name: "zone", label: "Zone", type: "text", required: true, value: "us-east-1a" }, LASTS],
  },
  {
    kind: "metric-delay",
    title: "Metric delay",
    what: "CloudWatch tells no point that is newer.",
    fields: [{ ...seconds("seconds", "Age of the newest point (seconds)", "120"), max: 3_600 }, LASTS],
  },
  {
    kind: "spot-interruption",
    title: "Take a spot instance back",
    what: "The instance's metadata say that EC2 ends it, and then it does; not when the fault ends before.",
    fields: [INSTANCE, seconds("seconds", "In (seconds)", "120"), { ...LASTS, value: "600" }],
  },
  {
    kind: "rebalance-recommendation",
    title: "Rebalance recommendation",
    what: "The instance's metadata say that EC2 may take the spot instance back soon.",
    fields: [INSTANCE, LASTS],
  },
  {
    kind: "instance-retirement",
    title: "Retire an instance",
    what: "The instance's metadata say when it is stopped, for its machine is to be retired.",
    fields: [INSTANCE, seconds("seconds", "In (seconds)", "3600"), LASTS],
  },
  {
    kind: "disk-full",
    title: "Full disk",
    what: "Objects and archives are refused with 503; pages, health, messages and metrics go on.",
    fields: [LASTS],
  },
  {
    kind: "expedited-capacity",
    title: "Expedited capacity",
    what: "Expedited retrievals from Glacier beyond so many at a time fail with InsufficientCapacityException.",
    fields: [count("retrievals", "Retrievals at most", "0", 0), LASTS],
  },
  {
    kind: "failing-retrievals",
    title: "Failing retrievals",
    what: "The next retrievals from Glacier fail when their time is over.",
    fields: [count("retrievals", "Retrievals", "1", 1), LASTS],
  },
];

/** The fault that a filled-in form asks for, still to be checked by FaultRequest. Empty fields are left out. */
export function readFaultForm(form: URLSearchParams): Readonly<Record<string, unknown>> {
  const kind = form.get("kind") ?? "";
  const fields = FAULT_FORMS.find((each) => each.kind === kind)?.fields ?? [];
  const given = fields.flatMap(({ name, type }) => {
    const text = form.get(name)?.trim() ?? "";
    return text === "" ? [] : [[name, type === "number" ? Number(text) : text] as const];
  });
  return { kind, ...Object.fromEntries(given) };
}
