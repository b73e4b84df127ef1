import { randomBytes } from "node:crypto";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startBalancer } from "./balancer.ts";
import type { ClientConfig, CloudProcess } from "./cloud-process.ts";
import type { Baseline } from "./load-generator.ts";
import { RequestCapture } from "./request-capture.ts";

/** One comparison: the same bytes go to a port of local-cloud and to a baseline. */
export interface Scenario {
  /** Lower-case words with hyphens. */
  readonly name: string;
  readonly what: string;
  readonly port: number;
  readonly requests: readonly Uint8Array[];
  readonly baseline: { readonly server: Pick<Baseline, "pid" | "port">; readonly what: string };
  /** The throughput ratio that was asked for. */
  readonly asked: number;
}

export interface Baselines {
  readonly empty: Baseline;
  readonly files: Baseline;
}

const BUCKET = "performance";
const KIB = 1024;

export async function prepareScenarios(cloud: CloudProcess, { empty, files }: Baselines): Promise<readonly Scenario[]> {
  await new S3Client(cloud.clientConfig).send(new CreateBucketCommand({ Bucket: BUCKET }));
  const balancerPort = await startBalancer(cloud.clientConfig, empty.port);
  const small = await objects(cloud, { folder: "16-kib", sizeBytes: 16 * KIB, count: 200 });
  const large = await objects(cloud, { folder: "1-mib", sizeBytes: 1024 * KIB, count: 16 });
  await fillFiles(files, large.puts.length);
  const { port } = cloud;
  const little = { port, baseline: { server: empty, what: "an empty server" } };
  const direct = { port: balancerPort, baseline: { server: empty, what: "the same request without the balancer" } };
  const stores = { server: files, what: "a server that stores the same bytes in a file, synced" };
  const sends = { server: files, what: "a server that sends the same bytes from a file" };
  const post = browserRequest("POST", balancerPort, "x".repeat(KIB));
  return [
    { ...little, name: "send-message", what: "SendMessage", requests: await sendMessage(cloud), asked: 0.5 },
    { ...little, name: "put-metric-data", what: "PutMetricData", requests: await putMetricData(cloud), asked: 0.5 },
    { ...little, name: "put-object-16-kib", what: "PutObject, 16 KiB", requests: small.puts, asked: 0.25 },
    { ...little, name: "get-object-16-kib", what: "GetObject, 16 KiB", requests: small.gets, asked: 0.4 },
    { name: "put-object-1-mib", what: "PutObject, 1 MiB", port, requests: large.puts, baseline: stores, asked: 0.6 },
    { name: "get-object-1-mib", what: "GetObject, 1 MiB", port, requests: large.gets, baseline: sends, asked: 0.6 },
    {
      ...direct,
      name: "balancer-get",
      what: "Load balancer, GET",
      requests: [browserRequest("GET", balancerPort, "")],
      asked: 0.6,
    },
    { ...direct, name: "balancer-post", what: "Load balancer, POST of 1 KiB", requests: [post], asked: 0.4 },
  ];
}

async function sendMessage({ clientConfig }: CloudProcess): Promise<readonly Uint8Array[]> {
  const sqs = new SQSClient(clientConfig);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "performance" }));
  return capture(200, clientConfig, (config, index) =>
    new SQSClient(config).send(
      new SendMessageCommand({ QueueUrl, MessageBody: `{"job":${index},"text":"a message"}` }),
    ),
  );
}

interface ObjectRequests {
  readonly puts: readonly Uint8Array[];
  readonly gets: readonly Uint8Array[];
}

/** Requests for objects that are there. */
async function objects(
  { clientConfig }: CloudProcess,
  { folder, sizeBytes, count }: { readonly folder: string; readonly sizeBytes: number; readonly count: number },
): Promise<ObjectRequests> {
  const place = (index: number) => ({ Bucket: BUCKET, Key: `${folder}/${index}` });
  const put = (index: number) => new PutObjectCommand({ ...place(index), Body: randomBytes(sizeBytes) });
  const s3 = new S3Client(clientConfig);
  for (let index = 0; index < count; index += 1) await s3.send(put(index));
  return {
    puts: await capture(count, clientConfig, (config, index) => new S3Client(config).send(put(index))),
    gets: await capture(count, clientConfig, (config, index) =>
      new S3Client(config).send(new GetObjectCommand(place(index))),
    ),
  };
}

/** The files that the baseline sends have the names of the objects. */
async function fillFiles({ port }: Baseline, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const body = randomBytes(1024 * KIB);
    const { ok, status } = await fetch(`http://127.0.0.1:${port}/${index}`, { method: "PUT", body });
    if (!ok) throw new Error(`The file server answered ${status}.`);
  }
}

function putMetricData({ clientConfig }: CloudProcess): Promise<readonly Uint8Array[]> {
  return capture(50, clientConfig, (config, index) =>
    new CloudWatchClient(config).send(
      new PutMetricDataCommand({
        Namespace: "performance",
        MetricData: [
          { MetricName: "Requests", Value: index, Dimensions: [{ Name: "InstanceId", Value: `i-${index}` }] },
        ],
      }),
    ),
  );
}

/** The requests of `count` commands, signed now. */
export async function capture(
  count: number,
  clientConfig: ClientConfig,
  send: (config: ClientConfig & { readonly requestHandler: RequestCapture }, index: number) => Promise<unknown>,
): Promise<readonly Uint8Array[]> {
  const requestHandler = new RequestCapture();
  for (let index = 0; index < count; index += 1)
    await requestHandler.run(() => send({ ...clientConfig, requestHandler }, index));
  return requestHandler.requests;
}

/** With the fields that a browser sends: a balancer's work grows with their number. */
function browserRequest(method: string, port: number, body: string): Uint8Array {
  const fields = [
    `Host: 127.0.0.1:${port}`,
    "Connection: keep-alive",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.5",
    "Accept-Encoding: gzip, deflate",
    "Cookie: session=4f2b8c1d9e7a6350b1c2d3e4f5a69788",
    ...(body === "" ? [] : ["Content-Type: application/x-www-form-urlencoded", `Content-Length: ${body.length}`]),
  ];
  return Buffer.from(`${method} /jobs HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n${body}`, "latin1");
}
