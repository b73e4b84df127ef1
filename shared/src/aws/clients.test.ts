import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { isTransient } from "../reliability/transient.ts";
import { type CloudConfig, clientOptions, createAwsClient } from "./clients.ts";
import { processCredentials } from "./credentials.ts";

const folder = mkdtempSync(join(tmpdir(), "gas-credentials-"));
writeFileSync(
  join(folder, "credentials"),
  "[default]\naws_access_key_id = LOCALKEY\naws_secret_access_key = localsecret\n",
);

function config(overrides: Partial<CloudConfig> = {}): CloudConfig {
  return {
    CLOUD: "local",
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL: "http://127.0.0.1:4566",
    AWS_EC2_METADATA_SERVICE_ENDPOINT: undefined,
    DATA_DIR: folder,
    PUBLIC_HOST: "lab.example.org",
    ...overrides,
  };
}

test.each([
  undefined,
  "https://ec2.us-east-1.amazonaws.com",
  "http://10.0.0.1:4566",
  "http://127.0.0.1.example.org:4566",
  "http://localhost.example.org",
])("a local client with the endpoint %s refuses to be made", (AWS_ENDPOINT_URL) => {
  expect(() => clientOptions(config({ AWS_ENDPOINT_URL }))).toThrow();
});

test("a local client uses the key of the data folder, never the machine's", () => {
  expect(clientOptions(config()).credentials).toEqual({ accessKeyId: "LOCALKEY", secretAccessKey: "localsecret" });
});

test("on an instance the metadata service gives the credentials", () => {
  const options = clientOptions(
    config({ AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.3.4:1338", DATA_DIR: "/nowhere" }),
  );
  expect(options.credentials).toBe(processCredentials());
});

test("URLs for browsers carry the public host and the same port", () => {
  expect(clientOptions(config(), { forBrowsers: true }).endpoint).toBe("http://lab.example.org:4566");
});

test("on AWS no endpoint is set, and one chain of credentials serves all clients", () => {
  const options = clientOptions(config({ CLOUD: "aws", AWS_ENDPOINT_URL: undefined }));
  expect(options).toMatchObject({ endpoint: undefined, credentials: processCredentials(), forcePathStyle: false });
});

test("on AWS an endpoint in a network of one's own is used", () => {
  const options = clientOptions(config({ CLOUD: "aws", AWS_ENDPOINT_URL: "https://aws.internal" }));
  expect(options).toMatchObject({ endpoint: "https://aws.internal", forcePathStyle: false });
});

test("an answer that stops in its middle ends as a failure that passes", async () => {
  const server = createServer((_req, res) => {
    res.writeHead(200, { "content-length": 1_000 });
    res.write("half of it");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const place = config({ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` });
  const s3 = createAwsClient(S3Client, place, { idleTimeoutMs: 200 });
  onTestFinished(() => s3.destroy());
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "key" }));
  const error = await Body?.transformToString().then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(error).toMatchObject({ name: "TimeoutError" });
  expect(isTransient(error)).toBe(true);
});

test("every client gives an answer up that stops for half a minute, or longer than it may wait for one", () => {
  expect(clientOptions(config()).requestHandler.socketTimeout).toBe(30_000);
  expect(clientOptions(config(), { requestTimeoutMs: 40_000 }).requestHandler.socketTimeout).toBe(40_000);
});
