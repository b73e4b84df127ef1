import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import { text } from "node:stream/consumers";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startTestCloud } from "../testing.ts";

// SendMessage against an empty Node server, with the load in a process of its own: node local-cloud/src/wire/throughput.bench.ts

interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const ROUNDS = 4;
const ROUND_MS = 3_000;
const CONNECTIONS = 32;
const MESSAGES = 200;

if (process.argv[2] === undefined) await compare();
else process.stdout.write(String(await load(Number(process.argv[2]), JSON.parse(await text(process.stdin)))));

async function compare(): Promise<void> {
  await using cloud = await startTestCloud();
  const requests = await signRequests(cloud.clientConfig);
  const empty = createServer((incoming, outgoing) => incoming.resume().on("end", () => outgoing.end("{}"))).listen(
    0,
    "127.0.0.1",
  );
  await once(empty, "listening");
  const address = empty.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  for (let round = 0; round < ROUNDS; round++) {
    const baseline = await loadFromOutside(address.port, requests);
    const sent = await loadFromOutside(cloud.port, requests);
    console.log(
      `empty ${Math.round(baseline)}/s, SendMessage ${Math.round(sent)}/s, ratio ${(sent / baseline).toFixed(2)}`,
    );
  }
  empty.close();
}

/** What the real client would send, caught before it goes out: the client itself is far slower than the server. */
async function signRequests(
  config: Awaited<ReturnType<typeof startTestCloud>>["clientConfig"],
): Promise<readonly SignedRequest[]> {
  const sqs = new SQSClient(config);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "bench" }));
  const caught: SignedRequest[] = [];
  sqs.middlewareStack.add(
    () => async (args) => {
      // After signing it is an HTTP request, with the body as text or bytes.
      const { headers, body } = args.request as { headers: Record<string, string>; body: string | Uint8Array };
      caught.push({ headers, body: Buffer.from(body).toString("utf8") });
      throw new Error("caught");
    },
    { step: "finalizeRequest", priority: "low" },
  );
  for (let index = 0; index < MESSAGES; index++) {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: `message ${index}` })).catch(() => undefined);
  }
  if (caught.length !== MESSAGES) throw new Error("no request was caught");
  return caught;
}

async function loadFromOutside(port: number, requests: readonly SignedRequest[]): Promise<number> {
  const child = spawn(process.execPath, [import.meta.filename, String(port)], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(requests));
  const perSecond = Number(await text(child.stdout));
  if (!(perSecond > 0)) throw new Error("The load generator failed.");
  return perSecond;
}

/** Answered requests a second. */
async function load(port: number, requests: readonly SignedRequest[]): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const end = Date.now() + ROUND_MS;
  let answered = 0;
  const sendOne = ({ headers, body }: SignedRequest) =>
    new Promise<void>((resolve, reject) => {
      const outgoing = request({ agent, host: "127.0.0.1", port, method: "POST", path: "/", headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
        response.resume().on("end", resolve);
      });
      outgoing.on("error", reject).end(body);
    });
  const connections = Array.from({ length: CONNECTIONS }, async (_, first) => {
    for (let index = first; Date.now() < end; index++) {
      const next = requests[index % requests.length];
      if (next) await sendOne(next);
      answered++;
    }
  });
  await Promise.all(connections);
  agent.destroy();
  return (answered * 1000) / ROUND_MS;
}
