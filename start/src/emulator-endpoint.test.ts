import { readConfig } from "@elastic-gas/shared/config";
import { expect, test } from "vitest";
import { emulatorEndpoint } from "./emulator-endpoint.ts";

test.each([
  [{}, undefined],
  [{ AWS_ENDPOINT_URL: "" }, undefined],
  [{ AWS_ENDPOINT_URL: "http://127.0.0.1:5566" }, "http://127.0.0.1:5566"],
  [{ AWS_ENDPOINT_URL: "http://localhost:5566/" }, "http://localhost:5566"],
  [{ CLOUD: "aws", AWS_ENDPOINT_URL: "https://aws.internal" }, undefined],
])("%j names the emulator %s", (environment, endpoint) => {
  expect(emulatorEndpoint(environment)).toBe(endpoint);
});

test.each(["https://s3.us-east-1.amazonaws.com", "http://10.0.0.1:4566", "127.0.0.1:4566", "ftp://127.0.0.1"])(
  "%s is no emulator on this machine, and the sentence says what to do",
  (AWS_ENDPOINT_URL) => {
    expect(() => emulatorEndpoint({ AWS_ENDPOINT_URL })).toThrow(
      `AWS_ENDPOINT_URL is ${AWS_ENDPOINT_URL}, and CLOUD=local takes an emulator of AWS on this machine only`,
    );
  },
);

test("with CLOUD=aws a loopback endpoint is refused, those of VPC and FIPS endpoints are not", () => {
  const aws = (settings: Record<string, string>) => () => readConfig({ CLOUD: "aws", ...settings });
  for (const AWS_ENDPOINT_URL of ["http://127.0.0.1:4566", "https://localhost", "https://[::1]:4566"])
    expect(aws({ AWS_ENDPOINT_URL })).toThrow(/with CLOUD=aws it is an https address in your network/);
  expect(aws({ AWS_ENDPOINT_URL: "https://vpce-0a1b.s3.us-east-1.vpce.amazonaws.com" })).not.toThrow();
  expect(aws({ AWS_USE_FIPS_ENDPOINT: "true" })).not.toThrow();
});
