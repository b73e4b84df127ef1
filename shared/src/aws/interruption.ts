import { z } from "zod";

/** What EC2 said of an instance's end before it comes. */
export const Interruption = z.object({
  /**
   * `spot`: taken back within two minutes. `rebalance`: likelier than usual to be. `scheduled`: its machine goes on
   * that day.
   */
  what: z.enum(["spot", "rebalance", "scheduled"]),
  /** When it ends, epoch milliseconds; null: nobody knows. */
  at: z.number().nullable(),
});
export type Interruption = z.infer<typeof Interruption>;

/** Null for what is none. */
export function readInterruption(stored: unknown): Interruption | null {
  return stored == null ? null : (Interruption.safeParse(stored).data ?? null);
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html */
const SpotAction = z.object({ action: z.string(), time: z.coerce.date() });
/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_scheduled_events.html */
const ScheduledEvents = z.array(z.object({ Code: z.string(), State: z.string(), NotBefore: z.coerce.date() }));
/** After these the instance is not there any more; a reboot is over in minutes. */
const ENDING_EVENTS: ReadonlySet<string> = new Set(["instance-retirement", "instance-stop"]);

export interface Metadata {
  /** The text at a path below `meta-data/`; null where there is nothing. */
  readonly read: (path: string) => Promise<string | null>;
}

/** What the metadata service says of the instance's end; null: nothing. The surest one counts. */
export async function askInterruption({ read }: Metadata): Promise<Interruption | null> {
  const spot = SpotAction.safeParse(parse(await read("spot/instance-action"))).data;
  if (spot !== undefined) return { what: "spot", at: spot.time.getTime() };
  const events = ScheduledEvents.safeParse(parse(await read("events/maintenance/scheduled"))).data ?? [];
  const [first] = events
    .filter(({ Code, State }) => State === "active" && ENDING_EVENTS.has(Code))
    .map(({ NotBefore }) => NotBefore.getTime())
    .sort((a, b) => a - b);
  if (first !== undefined) return { what: "scheduled", at: first };
  return (await read("events/recommendations/rebalance")) === null ? null : { what: "rebalance", at: null };
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null; // not for us
  }
}
