import { z } from "zod";
import { RawConnection } from "./raw-connection.ts";

/** The load generator's process: its parent hands it requests and then says how long to send them where. */
const Requests = z.object({
  kind: z.literal("requests"),
  name: z.string(),
  requests: z.array(z.custom<Uint8Array>((value) => value instanceof Uint8Array)),
});
const Run = z.object({
  kind: z.literal("run"),
  name: z.string(),
  port: z.number(),
  connections: z.number(),
  milliseconds: z.number(),
  /** Ends earlier after so many requests. */
  most: z.number().optional(),
});
const Order = z.discriminatedUnion("kind", [Requests, Run]);
export type Order = z.infer<typeof Order>;

export interface Result {
  readonly answered: number;
  readonly milliseconds: number;
  /** CPU time of the generator itself. */
  readonly cpuMilliseconds: number;
}

const known = new Map<string, readonly Uint8Array[]>();

process.on("message", (message) => {
  const order = Order.parse(message);
  if (order.kind === "requests") known.set(order.name, order.requests);
  else run(order).then((result) => process.send?.(result), fail);
});

process.on("disconnect", () => process.exit()); // its parent has gone

async function run({
  name,
  port,
  connections,
  milliseconds,
  most = Number.MAX_SAFE_INTEGER,
}: z.infer<typeof Run>): Promise<Result> {
  const requests = known.get(name) ?? [];
  const lanes = await Promise.all(Array.from({ length: connections }, () => RawConnection.open(port)));
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  const end = startedAt + milliseconds;
  let turn = 0;
  const counts = await Promise.all(
    lanes.map((lane) =>
      lane.repeat(() => (turn < most && performance.now() < end ? requests[turn++ % requests.length] : undefined)),
    ),
  );
  const used = process.cpuUsage(cpu);
  for (const lane of lanes) lane.close();
  return {
    answered: counts.reduce((sum, count) => sum + count, 0),
    milliseconds: performance.now() - startedAt,
    cpuMilliseconds: (used.user + used.system) / 1000,
  };
}

function fail(error: unknown): void {
  console.error(error);
  process.exit(1); // the parent sees the exit in place of a result
}
