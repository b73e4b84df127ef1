import {
  type AutoscalerProcess,
  type Ending,
  type Held,
  holdCall,
  type ProcessHarness,
  startProcessHarness,
} from "@elastic-gas/testing/autoscaler/process-harness";
import { IS_PROOF, keepResults, type ResultRow } from "@elastic-gas/testing/autoscaler/proof";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

const REPEATS = IS_PROOF ? 20 : 3;
const SMALL = 1;
const LARGE = 3;

interface Point {
  readonly name: string;
  readonly to: number;
  readonly operation: string;
  readonly when: "before" | "after";
  /** What the paused process finds when it goes on. */
  readonly ending: Ending;
}

/**
 * Those that the quick form tells come first: one answer that asks for a retry, one pass with nothing but its metrics
 * to publish, one shrink.
 */
const POINTS: readonly Point[] = [
  {
    name: "in RunInstances, which is then throttled",
    to: LARGE,
    operation: "RunInstances",
    when: "before",
    ending: "throttle",
  },
  {
    name: "in a shrink, with DeregisterTargets carried out",
    to: SMALL,
    operation: "DeregisterTargets",
    when: "after",
    ending: "answer",
  },
  {
    name: "while it looks, before it publishes its metrics",
    to: SMALL,
    operation: "DescribeTargetHealth",
    when: "after",
    ending: "answer",
  },
  {
    name: "while it looks, before a launch intent",
    to: LARGE,
    operation: "DescribeInstances",
    when: "after",
    ending: "answer",
  },
  {
    name: "in TerminateInstances, which is then throttled",
    to: SMALL,
    operation: "TerminateInstances",
    when: "before",
    ending: "throttle",
  },
  {
    name: "in a grow, with RunInstances carried out",
    to: LARGE,
    operation: "RunInstances",
    when: "after",
    ending: "answer",
  },
  {
    name: "in DeregisterTargets, whose connection then breaks",
    to: SMALL,
    operation: "DeregisterTargets",
    when: "before",
    ending: "cut",
  },
];

describe("two autoscaler processes, the acting one paused with SIGSTOP past its lease", () => {
  let harness: ProcessHarness;
  let processes: readonly [AutoscalerProcess, AutoscalerProcess];
  const rows: ResultRow[] = [];
  beforeAll(async () => {
    harness = await startProcessHarness({ LEASE_SECONDS: "4" });
    processes = [harness.startProcess("127.0.0.1"), harness.startProcess("localhost")];
  }, 300_000);
  afterEach(() => harness.intercept(null));
  afterAll(async () => {
    await harness?.[Symbol.asyncDispose]();
    await keepResults(
      "autoscaler-paused-past-its-lease",
      "Two autoscalers, the acting one paused past its lease",
      rows,
    );
  });

  const findRoles = async () => {
    const { pid, epoch } = await waitUntil("an acting autoscaler", () => harness.findActing(), { deadlineMs: 120_000 });
    const [first, second] = processes;
    return pid === first.pid ? { acting: first, standby: second, epoch } : { acting: second, standby: first, epoch };
  };

  const tell = async ({ name, to, operation, when, ending }: Point): Promise<void> => {
    await harness.atRest(await harness.findDesired(), { deadlineMs: 120_000 });
    const { acting, standby, epoch } = await findRoles();
    harness.calls.length = 0;
    const held: Held = holdCall(harness, operation, when);
    await harness.setPool("web", { desired: to });
    await held.reached;
    acting.pause();
    const before = harness.calls.length;
    const next = await waitUntil(
      "the other one to take over",
      async () => {
        const now = await harness.findActing();
        return now?.pid === standby.pid && now;
      },
      { deadlineMs: 120_000 },
    );
    expect(next.epoch).toBeGreaterThan(epoch);
    await harness.passTwoMinutes();
    await harness.atRest(to, { deadlineMs: 120_000 });

    // The answer comes while the process stands: it is the first thing that it finds.
    const resumedAt = harness.calls.length;
    held.release(ending);
    acting.resume();
    await waitUntil("the resumed one to stand by", () => acting.hasLogged("standing by"), { deadlineMs: 120_000 });
    await passes(standby, 10);
    await harness.atRest(to);
    expect(acting.isAlive && standby.isAlive).toBe(true);

    const late = harness.calls.slice(before).filter(({ host }) => host === acting.host);
    rows.push({
      paused: name,
      to: to,
      "calls while it was paused and after": harness.calls.length - before,
      "its own, outside its epoch": late.length,
    });
    expect(late).toEqual([]);
    // Nobody launches, drains or ends anything. The acting one may register its own workers again, which changes
    // nothing.
    const harmless = ["PutMetricData", "RegisterTargets"];
    expect(harness.calls.slice(resumedAt).filter(({ operation: done }) => !harmless.includes(done))).toEqual([]);
    await expectEpochs(
      new Map([
        [acting.host, epoch],
        [standby.host, next.epoch],
      ]),
    );
  };

  /**
   * Every launch has an intent of its caller's epoch, and nobody was ended who was not chosen in that epoch or an
   * earlier one.
   */
  const expectEpochs = async (epochs: ReadonlyMap<string, number>): Promise<void> => {
    const intents = new Map(
      (await harness.db.selectFrom("launchIntents").select(["id", "epoch"]).execute()).map(({ id, epoch }) => [
        id,
        epoch,
      ]),
    );
    const victims = new Map(
      (await harness.db.selectFrom("workers").select(["instanceId", "victimEpoch"]).execute()).map((row) => [
        row.instanceId,
        row.victimEpoch,
      ]),
    );
    for (const { operation, input, host } of harness.calls) {
      const epoch = epochs.get(host) ?? Number.NaN;
      if (operation === "RunInstances") expect(intents.get(String(input.ClientToken))).toBe(epoch);
      if (operation !== "TerminateInstances") continue;
      for (const id of input.InstanceIds as readonly string[])
        expect(victims.get(id) ?? Number.NaN).toBeLessThanOrEqual(epoch);
    }
  };

  const passes = async ({ host }: AutoscalerProcess, count: number): Promise<void> => {
    let seen = 0;
    harness.intercept((invocation, next) => {
      if (invocation.operation === "DescribeTargetHealth" && invocation.call.host === host) seen += 1;
      return next();
    });
    await waitUntil(`${count} passes`, () => seen >= count, { deadlineMs: 120_000 });
  };

  it.each(
    Array.from(
      { length: REPEATS },
      (_, index) => [index + 1, POINTS[index % POINTS.length] ?? POINTS[0]] as const,
    ).flatMap(([number, point]) => (point === undefined ? [] : [[point.name, number, point] as const])),
  )(
    `%s: it asks AWS for nothing more, and what was asked for belongs to an epoch (%i of ${REPEATS})`,
    (_, __, point) => tell(point),
    300_000,
  );
});
