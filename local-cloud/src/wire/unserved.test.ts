import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { cbor } from "@smithy/core/cbor";
import { afterAll, beforeAll, expect, test } from "vitest";

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await startTestCloud();
});
afterAll(() => cloud?.[Symbol.asyncDispose]());

test("a service that is not served answers in the caller's protocol", async () => {
  const ask = async (headers: Record<string, string>, method = "POST") => {
    const authorization = `AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=${"0".repeat(64)}`;
    const response = await fetch(cloud.endpoint, {
      method,
      headers: { authorization, "x-amz-date": "20260101T000000Z", ...headers },
    });
    const body = Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, body };
  };
  const json = await ask({ "x-amz-target": "DynamoDB.ListTables", "content-type": "application/x-amz-json-1.0" });
  expect([json.status, JSON.parse(json.body.toString())]).toEqual([
    501,
    { __type: "UnknownOperationException", message: 'local-cloud does not serve "lambda".' },
  ]);
  const packed = await ask({ "smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor" });
  expect(cbor.deserialize(packed.body)).toMatchObject({ __type: "UnknownOperationException" });
  const query = await ask({ "content-type": "application/x-www-form-urlencoded" });
  expect(query.body.toString()).toContain("<Code>InvalidAction</Code><Message>local-cloud does not serve");
  const rest = await ask({}, "GET");
  expect([rest.headers.get("x-amzn-errortype"), JSON.parse(rest.body.toString()).message]).toEqual([
    "UnknownOperationException",
    'local-cloud does not serve "lambda".',
  ]);
  const xml = await ask({ "content-type": "application/xml" });
  expect(xml.body.toString()).toContain("<Error><Code>UnknownOperationException</Code>");
});

test("the owner of the account is its root", async () => {
  const { Arn, Account } = await new STSClient(cloud.clientConfig).send(new GetCallerIdentityCommand({}));
  expect([Arn, Account]).toEqual(["arn:aws:iam::000000000000:root", "000000000000"]);
});
