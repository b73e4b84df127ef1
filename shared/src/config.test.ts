import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Config, readConfig, userAppUrl } from "./config.ts";

const LOCAL = { AWS_ENDPOINT_URL: "http://127.0.0.1:4566" };

test("names every problem at once and points to .env.example", () => {
  const read = () => readConfig({ ...LOCAL, MANAGER_PORT: "70000", PREFIX: "Bad_Prefix", METRIC_PERIOD_SECONDS: "7" });
  expect(read).toThrow(/MANAGER_PORT/);
  expect(read).toThrow(/PREFIX/);
  expect(read).toThrow(/METRIC_PERIOD_SECONDS/);
  expect(read).toThrow(/\.env\.example/);
});

test("CLOUD=local without an endpoint is refused, for the clients would reach the real AWS", () => {
  expect(() => readConfig({})).toThrow(/real AWS/);
});

test("CLOUD=aws refuses an endpoint that was left over from one machine", () => {
  for (const AWS_ENDPOINT_URL of [
    "http://127.0.0.1:4566",
    "https://127.0.0.1",
    "https://localhost",
    "https://[::1]:1",
    "http://aws.internal",
  ])
    expect(() => readConfig({ CLOUD: "aws", AWS_ENDPOINT_URL }), AWS_ENDPOINT_URL).toThrow(/CLOUD=local only/);
});

test("CLOUD=aws takes an endpoint in a network of one's own, and FIPS endpoints", () => {
  const far = { CLOUD: "aws", AWS_ENDPOINT_URL: "https://aws.internal", AWS_USE_FIPS_ENDPOINT: "true" };
  expect(readConfig(far)).toMatchObject(far);
});

test(".env.example shows every setting, and each default as it is", () => {
  const text = readFileSync(join(import.meta.dirname, "../../.env.example"), "utf8");
  const shown = Object.fromEntries(
    [...text.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
  expect(Object.keys(shown).sort()).toEqual(Object.keys(Config.shape).sort());
  expect(readConfig({ ...shown, ...LOCAL })).toEqual(readConfig(LOCAL));
});

test("the address of user-app is the balancer's unless one is set", () => {
  expect(userAppUrl(readConfig({ ...LOCAL, PUBLIC_HOST: "lab.example.org", LB_PORT: "9000" }))).toBe(
    "http://lab.example.org:9000",
  );
  expect(userAppUrl(readConfig({ ...LOCAL, PUBLIC_URL: "https://gas.example.org/" }))).toBe("https://gas.example.org");
});

test("rules faster than life need points as fast", () => {
  const read = (RULE_MINUTE_SECONDS: string, METRIC_PERIOD_SECONDS: string) =>
    readConfig({ ...LOCAL, RULE_MINUTE_SECONDS, METRIC_PERIOD_SECONDS });
  expect(() => read("5", "60")).toThrow(/must be at least METRIC_PERIOD_SECONDS \(60\)/);
  expect(() => read("5", "10")).toThrow(/RULE_MINUTE_SECONDS/);
  expect(read("5", "5").RULE_MINUTE_SECONDS).toBe(5);
  expect(read("60", "5").RULE_MINUTE_SECONDS).toBe(60);
  // EC2's basic monitoring.
  expect(read("60", "300").METRIC_PERIOD_SECONDS).toBe(300);
});
