import type { Figure, Measurement } from "../figures/measurement.ts";
import type { Comparison, Plan } from "./compare.ts";
import { measureQueues, type QueueCost } from "./queue-growth.ts";
import { measureSpeed, type Rig } from "./speed.ts";

const PLAN: Plan = { rounds: 7, connections: 32, milliseconds: 1_500 };
const QUICK: Plan = { rounds: 1, connections: 4, milliseconds: 300 };
const WAITING = { sizes: [100, 10_000, 100_000], rounds: 5 };
const QUICK_WAITING = { sizes: [100, 1_000], rounds: 1 };
const POST = "balancer-post";

/** Speed of local-cloud beside plain Node servers that get the same bytes from the same load generator. */
export const localCloud: Measurement = {
  name: "local-cloud",
  about: "local-cloud's calls and its load balancer beside plain Node servers",
  minutes: 6,
  async measure({ quick, say }) {
    const plan = quick ? QUICK : PLAN;
    return measureSpeed({ plan }, async (rig) => {
      for (const { scenario, throughputRatio } of rig.comparisons)
        say(`${scenario.what}: ${throughputRatio.toFixed(2)} of ${scenario.baseline.what}`);
      const costs = await measureQueues(rig, quick ? QUICK_WAITING : WAITING);
      return {
        figures: [
          ...rig.comparisons.flatMap(figuresOf),
          repeated(await countRepeatedPosts(rig, plan)),
          ...growthFigures(costs),
        ],
        growth: [
          {
            name: "queue-by-messages",
            title: "Cost of a call by the messages that wait in its queue",
            x: "messages waiting",
            y: "CPU time, requests to an empty server",
            lines: [
              { label: "SendMessage", points: costs.map(({ waiting, send }) => [waiting, send] as const) },
              { label: "ReceiveMessage", points: costs.map(({ waiting, receive }) => [waiting, receive] as const) },
            ],
          },
        ],
      };
    });
  },
};

function figuresOf({ scenario, throughputRatio, cpuRatio }: Comparison): readonly Figure[] {
  const { name, what, asked, baseline } = scenario;
  return [
    {
      name,
      what: `${what}, requests a second`,
      value: throughputRatio,
      unit: "ratio",
      baseline: `to ${baseline.what}`,
      better: "higher",
      asked,
    },
    {
      name: `${name}-cpu`,
      what: `${what}, requests for the same CPU time`,
      value: cpuRatio,
      unit: "ratio",
      baseline: `to ${baseline.what}`,
      better: "higher",
    },
  ];
}

/** POSTs that reached the target beyond those that the client sent. An answer other than 200 ends the measurement. */
async function countRepeatedPosts({ empty, load, comparisons }: Rig, plan: Plan): Promise<number> {
  const post = comparisons.find(({ scenario }) => scenario.name === POST)?.scenario;
  if (!post) throw new Error(`There is no comparison "${POST}".`);
  const before = await empty.countPosts();
  const { answered } = await load.run(post.name, post.port, plan);
  return (await empty.countPosts()) - before - answered;
}

function repeated(value: number): Figure {
  return {
    name: "balancer-post-repeated",
    what: "Load balancer, POSTs sent twice",
    value,
    unit: "count",
    baseline: "POSTs that the target counted less those that the client sent",
    better: "lower",
    asked: 0,
  };
}

function growthFigures(costs: readonly QueueCost[]): readonly Figure[] {
  const [first, last] = [costs[0], costs.at(-1)];
  if (!first || !last) return [];
  const figure = (name: string, what: string, read: (cost: QueueCost) => number): Figure => ({
    name: `${name}-long-queue`,
    what: `${what} with ${last.waiting.toLocaleString("en")} messages waiting, CPU time`,
    value: read(last) / read(first),
    unit: "ratio",
    baseline: `to that with ${first.waiting.toLocaleString("en")}`,
    better: "lower",
  });
  return [
    figure("send-message", "SendMessage", ({ send }) => send),
    figure("receive-message", "ReceiveMessage", ({ receive }) => receive),
  ];
}
