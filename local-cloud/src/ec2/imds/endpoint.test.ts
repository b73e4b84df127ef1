import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { CALL, eventually, startTestEc2, type TestEc2 } from "@elastic-gas/testing/local-cloud/ec2/test-ec2";
import { expect, test } from "vitest";
import { issueToken, isTokenValid, parseTtl } from "./token.ts";

const EC2_CLIENT = fileURLToPath(import.meta.resolve("@aws-sdk/client-ec2"));

test.each([
  ["21600", 21_600],
  ["1", 1],
  ["0", undefined],
  ["21601", undefined],
  ["-1", undefined],
  ["1e3", undefined],
  [undefined, undefined],
])("a token's life of %j is %j seconds", (header, seconds) => {
  expect(parseTtl(header)).toBe(seconds);
});

test("a token is valid until its end, with its secret, unchanged", () => {
  const now = new Date("2026-03-01T12:00:00Z");
  const token = issueToken("secret", 60, now);
  expect(isTokenValid("secret", token, now)).toBe(true);
  expect(isTokenValid("secret", token, new Date(now.getTime() + 60_000))).toBe(false);
  expect(isTokenValid("other", token, now)).toBe(false);
  expect(isTokenValid("secret", `9${token}`, now)).toBe(false);
  expect(isTokenValid("secret", "", now)).toBe(false);
});

test("tells an instance who it is, with a token only", async () => {
  await using ec2 = await startTestEc2();
  const id = await ec2.run("sleep 60", {
    InstanceType: "t3.small",
    SubnetId: "subnet-b",
    IamInstanceProfile: { Name: "gas-worker" },
    MetadataOptions: { InstanceMetadataTags: "enabled" },
    TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "elastic-gas:pool", Value: "web" }] }],
  });
  const base = endpointOf(ec2, id);
  expect((await ask(base, "/latest/meta-data/instance-id")).status).toBe(401);
  expect((await ask(base, "/latest/api/token", { method: "PUT" })).status).toBe(400);
  const { body: token } = await ask(base, "/latest/api/token", {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "60" },
  });
  const get = async (path: string) => {
    const answer = await ask(base, path, { headers: { "x-aws-ec2-metadata-token": token } });
    return answer.status === 200 ? answer.body : answer.status;
  };
  expect(await get("/latest/meta-data/instance-id")).toBe(id);
  expect(await get("/latest/meta-data/local-ipv4")).toBe(ec2.service.getInstance(id)?.privateIpAddress);
  expect(await get("/latest/meta-data/placement/availability-zone")).toBe("us-east-1b");
  expect(await get("/latest/meta-data/placement/region")).toBe("us-east-1");
  expect(await get("/latest/meta-data/instance-type")).toBe("t3.small");
  expect(await get("/latest/meta-data/tags/instance/")).toBe("elastic-gas:pool");
  expect(await get("/latest/meta-data/tags/instance/elastic-gas:pool")).toBe("web");
  expect(await get("/latest/meta-data/iam/security-credentials/")).toBe("gas-worker");
  expect(await get("/latest/user-data")).toBe("#!/bin/bash\nsleep 60\n");
  expect(await get("/latest/meta-data/no-such-thing")).toBe(404);
  expect(await get("/latest/meta-data/constructor")).toBe(404);
  const document: unknown = JSON.parse(String(await get("/latest/dynamic/instance-identity/document")));
  expect(document).toMatchObject({ instanceId: id, region: "us-east-1", accountId: "000000000000" });
  expect((await ask(base, "/latest/api/token", { headers: { host: "evil.example" }, method: "PUT" })).status).toBe(403);

  await ec2.service.handlers.TerminateInstances({ InstanceIds: [id] }, CALL);
  await ec2.waitFor(id, "terminated");
  await eventually(
    () =>
      ask(base, "/").then(
        () => false,
        (error: unknown) => String(error).includes("ECONNREFUSED"),
      ),
    "a closed endpoint",
  );
});

test("without a profile there are no credentials, without leave no tags", async () => {
  await using ec2 = await startTestEc2();
  const id = await ec2.run("sleep 60", { MetadataOptions: { HttpTokens: "optional" } });
  const base = endpointOf(ec2, id);
  expect((await ask(base, "/latest/meta-data/instance-id")).body).toBe(id);
  expect((await ask(base, "/latest/meta-data/iam/security-credentials/")).status).toBe(404);
  expect((await ask(base, "/latest/meta-data/tags/instance/")).status).toBe(404);
});

test("the SDK's default credential chain works inside an instance", async () => {
  await using ec2 = await startTestEc2({ vcpus: 2 });
  const program = `
    import { EC2Client } from ${JSON.stringify(EC2_CLIENT)};
    const client = new EC2Client({ region: "us-east-1" });
    const { accessKeyId, secretAccessKey, expiration } = await client.config.credentials();
    console.log("got", accessKeyId, secretAccessKey, expiration > new Date());
  `;
  const script = `node --input-type=module <<'EOF'\n${program}\nEOF\necho finished; sleep 60`;
  const id = await ec2.run(script, { IamInstanceProfile: { Name: "gas-worker" } });
  const output = await eventually(
    async () => {
      const text = await ec2.console(id);
      return text.includes("finished") && text;
    },
    "credentials",
    120,
  );
  expect(output).toContain("got local-key local-secret true");
});

function endpointOf(ec2: TestEc2, instanceId: string): string {
  const record = ec2.service.getInstance(instanceId);
  return `http://${record?.privateIpAddress}:${record?.metadataPort}`;
}

/** Not fetch: it does not let a test set Host. */
function ask(
  base: string,
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(base + path, options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        body += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.on("error", reject);
    call.end();
  });
}
