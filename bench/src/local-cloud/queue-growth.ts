import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { median } from "../figures/median.ts";
import { threadMicrosecondsOf } from "./process-usage.ts";
import { capture } from "./scenarios.ts";
import type { Rig } from "./speed.ts";

/** What calls cost while so many messages wait: as multiples of a request to the empty server. */
export interface QueueCost {
  readonly waiting: number;
  readonly send: number;
  readonly receive: number;
}

const CALLS = 100; // few, so that those sent do not count beside those that wait
const EMPTY_CALLS = 2_000;
const BATCH = 10;
const LIMITS = { connections: 8, milliseconds: 600_000 };

/** Medians of a few rounds, each on queues of its own. */
export async function measureQueues(
  rig: Omit<Rig, "comparisons">,
  { sizes, rounds }: { readonly sizes: readonly number[]; readonly rounds: number },
): Promise<readonly QueueCost[]> {
  const costs = sizes.map((waiting) => ({ waiting, send: [] as number[], receive: [] as number[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { waiting, send, receive } of costs) {
      const once = await measureQueue(rig, `waiting-${waiting}-${round}`, waiting);
      send.push(once.send);
      receive.push(once.receive);
    }
  }
  return costs.map(({ waiting, send, receive }) => ({ waiting, send: median(send), receive: median(receive) }));
}

async function measureQueue(
  { cloud, empty, load }: Omit<Rig, "comparisons">,
  QueueName: string,
  waiting: number,
): Promise<Omit<QueueCost, "waiting">> {
  const sqs = new SQSClient(cloud.clientConfig);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName }));
  const message = { QueueUrl, MessageBody: '{"job":1,"text":"a message"}' };
  const Entries = Array.from({ length: BATCH }, (_, index) => ({ ...message, Id: `${index}` }));
  const learn = async (name: string, send: (client: SQSClient) => Promise<unknown>) =>
    load.learn(name, await capture(1, cloud.clientConfig, (config) => send(new SQSClient(config))));
  await learn("fill", (client) => client.send(new SendMessageBatchCommand({ QueueUrl, Entries })));
  await learn("send", (client) => client.send(new SendMessageCommand(message)));
  // A message received for no time stays among those that wait.
  await learn("receive", (client) => client.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 })));
  await load.run("fill", cloud.port, { ...LIMITS, most: waiting / BATCH });

  const cost = async (name: string, { pid, port }: { pid: number; port: number }, most: number): Promise<number> => {
    await load.run(name, port, { ...LIMITS, most: CALLS }); // connections and caches
    const before = threadMicrosecondsOf(pid);
    await load.run(name, port, { ...LIMITS, most });
    return (threadMicrosecondsOf(pid) - before) / most;
  };
  const unit = await cost("send", empty, EMPTY_CALLS);
  const receive = (await cost("receive", cloud, CALLS)) / unit;
  const send = (await cost("send", cloud, CALLS)) / unit;
  await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  sqs.destroy();
  return { send, receive };
}
