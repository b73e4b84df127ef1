import { ROLES } from "@elastic-gas/shared/permissions";
import { createPool } from "mysql2";
import { expect, test } from "vitest";
import { settingsOfSecrets } from "./aws-secrets.ts";
import { accountsToMake } from "./settings.ts";

const SECRETS = {
  database: JSON.stringify({
    engine: "mysql",
    username: "gas",
    password: "p@ss/w:rd",
    host: "db.internal",
    port: 3306,
    dbname: "gas",
  }),
  application: "a".repeat(64),
  administrator: "first password",
  operator: JSON.stringify({ STRIPE_SECRET_KEY: "sk_live_1" }),
};

test("the database is reached by TLS, each part with an account of its own", async () => {
  const settings = settingsOfSecrets(SECRETS);
  const urls = [settings.DATABASE_URL, ...ROLES.map((role) => settings[`DATABASE_URL_${role.toUpperCase()}`])];
  expect(new Set(urls.map((url) => new URL(url ?? "").username))).toEqual(
    new Set(["gas", ...ROLES.map((role) => `gas_${role}`)]),
  );
  expect(new Set(urls.map((url) => new URL(url ?? "").password)).size).toBe(ROLES.length + 1);
  for (const url of urls) {
    // mysql2's own reading of the address, as connectDatabase gives it.
    const pool = createPool({ uri: url });
    const { connectionConfig } = pool.config as unknown as { connectionConfig: Record<string, unknown> };
    expect(connectionConfig).toMatchObject({ host: "db.internal", port: 3306, database: "gas" });
    const { ca } = Object(connectionConfig.ssl);
    expect(String(ca)).toContain("BEGIN CERTIFICATE");
    if (url === settings.DATABASE_URL) expect(connectionConfig.password).toBe("p@ss/w:rd");
    await new Promise((done) => pool.end(done));
  }
});

test("the operator's keys, the administrator's password and the cookie secret are settings", () => {
  expect(settingsOfSecrets(SECRETS)).toMatchObject({
    STRIPE_SECRET_KEY: "sk_live_1",
    ADMIN_PASSWORD: "first password",
    SESSION_SECRET: SECRETS.application,
    TOTP_KEY: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(() => settingsOfSecrets({ ...SECRETS, operator: '{"PATH":"/tmp"}' })).toThrow();
});

test("a new manager's instance makes the same accounts with the same passwords", () => {
  const settings = { CLOUD: "aws", SECRETS_FROM_AWS: "true", ...settingsOfSecrets(SECRETS) };
  const accounts = accountsToMake(settings, false);
  expect(accounts).toMatchObject({ schema: "gas", host: "%" });
  expect(Object.keys(accounts?.passwords ?? {})).toEqual(ROLES);
  expect(accounts).toEqual(accountsToMake({ ...settings, ...settingsOfSecrets({ ...SECRETS }) }, false));
});

test("the start makes no accounts on a server of the operator's own", () => {
  expect(accountsToMake({ CLOUD: "aws", DATABASE_URL: "mysql://me@db/gas" }, false)).toBeUndefined();
});
