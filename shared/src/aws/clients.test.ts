import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type CloudConfig, clientOptions } from "./clients.ts";
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
