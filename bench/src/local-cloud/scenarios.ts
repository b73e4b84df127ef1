import { randomBytes } from "node:crypto";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startBalancer } from "./balancer.ts";
import type { ClientConfig, CloudProcess } from "./cloud-process.ts";
import type { EmptyServer } from "./load-generator.ts";
import { RequestCapture } from "./request-capture.ts";

/** One comparison: the same bytes go to a port of local-cloud and to the empty server. */
export interface Scenario {
  readonly name: string;
  readonly port: number;
  readonly requests: readonly Uint8Array[];
}

const BUCKET = "performance";
const KIB = 1024;

export async function prepareScenarios(cloud: CloudProcess, empty: EmptyServer): Promise<readonly Scenario[]> {
  await new S3Client(cloud.clientConfig).send(new CreateBucketCommand({ Bucket: BUCKET }));
  const balancerPort = await startBalancer(cloud.clientConfig, empty.port);
  return [
    await sendMessage(cloud),
    ...(await objects(cloud, { name: "16 KiB", sizeBytes: 16 * KIB, count: 200 })),
    ...(await objects(cloud, { name: "1 MiB", sizeBytes: 1024 * KIB, count: 16 })),
    await putMetricData(cloud),
    { name: "Load balancer, GET", port: balancerPort, requests: [browserRequest("GET", balancerPort, "")] },
    {
      name: "Load balancer, POST of 1 KiB",
      port: balancerPort,
      requests: [browserRequest("POST", balancerPort, "x".repeat(KIB))],
    },
  ];
}

async function sendMessage({ clientConfig, port }: CloudProcess): Promise<Scenario> {
  const sqs = new SQSClient(clientConfig);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "performance" }));
  const requests = await capture(200, clientConfig, (config, index) =>
    new SQSClient(config).send(
      new SendMessageCommand({ QueueUrl, MessageBody: `{"job":${index},"text":"a message"}` }),
    ),
  );
  return { name: "SendMessage", port, requests };
}

async function objects(
  { clientConfig, port }: CloudProcess,
  { name, sizeBytes, count }: { readonly name: string; readonly sizeBytes: number; readonly count: number },
): Promise<readonly Scenario[]> {
  const place = (index: number) => ({ Bucket: BUCKET, Key: `${name}/${index}` });
  const put = (index: number) => new PutObjectCommand({ ...place(index), Body: randomBytes(sizeBytes) });
  const s3 = new S3Client(clientConfig);
  for (let index = 0; index < count; index += 1) await s3.send(put(index));
  return [
    {
      name: `PutObject, ${name}`,
      port,
      requests: await capture(count, clientConfig, (config, index) => new S3Client(config).send(put(index))),
    },
    {
      name: `GetObject, ${name}`,
      port,
      requests: await capture(count, clientConfig, (config, index) =>
        new S3Client(config).send(new GetObjectCommand(place(index))),
      ),
    },
  ];
}

async function putMetricData({ clientConfig, port }: CloudProcess): Promise<Scenario> {
  const requests = await capture(50, clientConfig, (config, index) =>
    new CloudWatchClient(config).send(
      new PutMetricDataCommand({
        Namespace: "performance",
        MetricData: [
          { MetricName: "Requests", Value: index, Dimensions: [{ Name: "InstanceId", Value: `i-${index}` }] },
        ],
      }),
    ),
  );
  return { name: "PutMetricData", port, requests };
}

/** The requests of `count` commands, signed now. */
async function capture(
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
