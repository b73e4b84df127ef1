import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databaseUrlSetting, ROLES, type Role, SECRET_SETTINGS } from "@elastic-gas/shared/permissions";
import { expect, test } from "vitest";
import {
  cloudSettings,
  type Environment,
  oddSettings,
  readEnvironment,
  settingsOf,
  withoutAws,
  workerSettings,
} from "./environment.ts";

test("children see nothing of the machine's AWS settings but the region", () => {
  const seen = withoutAws({
    PATH: "/bin",
    AWS_REGION: "eu-west-1",
    AWS_PROFILE: "production",
    AWS_ACCESS_KEY_ID: "AKIA",
    AWS_SECRET_ACCESS_KEY: "s",
    AWS_SESSION_TOKEN: "t",
    AWS_ENDPOINT_URL_S3: "https://decoy",
    AWS_CONFIG_FILE: "/home/me/.aws/config",
  });
  expect(seen).toEqual({
    PATH: "/bin",
    AWS_REGION: "eu-west-1",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
  });
});

test("a file .env is read with a byte order mark too, and tells what in it sets nothing", () => {
  const root = mkdtempSync(join(tmpdir(), "env-"));
  expect(oddSettings(root)).toEqual([]);
  writeFileSync(
    join(root, ".env"),
    "\ufeffMANAGER_PORT=5100\r\n# LB_PROT=1\r\nLB_PROT=8180\r\nLOCAL_CLOUD_PORT: 4666\r\nMAIL_FROM=Gas: <gas@example.org>\r\n",
  );
  expect(readEnvironment(root, {})).toMatchObject({ MANAGER_PORT: "5100", MAIL_FROM: "Gas: <gas@example.org>" });
  expect(oddSettings(root)).toEqual([
    ".env sets LB_PROT, which is no setting of Elastic GAS. Its settings are in .env.example.",
    '.env has "LOCAL_CLOUD_PORT:", which sets nothing. Write LOCAL_CLOUD_PORT=VALUE.',
  ]);
});

test("worker settings are what a shell reads back, whatever characters they have", () => {
  const text = workerSettings(
    {
      MAIL_FROM: 'it\'s $HOME `x` "y" <gas@example.org>',
      ADMIN_PASSWORD: "secret",
      PREFIX: "",
    },
    "web",
  );
  expect(text).not.toContain("secret");
  expect(text).not.toContain("PREFIX");
  const read = execFileSync("bash", ["-c", `${text}printf %s "$MAIL_FROM"`], { encoding: "utf8" });
  expect(read).toBe('it\'s $HOME `x` "y" <gas@example.org>');
});

const everySecret: Environment = {
  ...Object.fromEntries(Object.keys(SECRET_SETTINGS).map((name) => [name, `secret of ${name}`])),
  ...Object.fromEntries(ROLES.map((role) => [databaseUrlSetting(role), `mysql://gas_${role}:own@127.0.0.1/gas`])),
  PREFIX: "dev",
};

test.each<[Role, readonly string[]]>([
  ["manager", ["DATABASE_URL", "SESSION_SECRET", "STRIPE_SECRET_KEY", "TOTP_KEY"]],
  ["autoscaler", ["DATABASE_URL"]],
  [
    "web",
    ["DATABASE_URL", "OIDC_CLIENT_SECRET", "SESSION_SECRET", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "TOTP_KEY"],
  ],
  ["annotator", ["DATABASE_URL"]],
  ["utility", ["DATABASE_URL"]],
])("%s is given the secrets %j and no other", (role, names) => {
  const seen = settingsOf(everySecret, role);
  expect(Object.keys(seen).toSorted()).toEqual([...names, "PREFIX"].toSorted());
  expect(seen.DATABASE_URL).toBe(everySecret[databaseUrlSetting(role)]);
  const text = JSON.stringify(seen);
  for (const other of ROLES.filter((each) => each !== role)) expect(text).not.toContain(`gas_${other}`);
  for (const name of Object.keys(SECRET_SETTINGS).filter((each) => !names.includes(each)))
    expect(text).not.toContain(`secret of ${name}`);
});

test("local-cloud is given Stripe's secrets only", () => {
  expect(Object.keys(cloudSettings(everySecret)).toSorted()).toEqual([
    "PREFIX",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
  ]);
});

test("the two apps share no cookie secret, and neither holds what both are made of", () => {
  const [manager, web] = (["manager", "web"] as const).map(
    (role) => settingsOf(everySecret, role).SESSION_SECRET ?? "",
  );
  expect(manager).not.toBe(web);
  for (const secret of [manager, web]) {
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(secret).not.toContain(everySecret.SESSION_SECRET ?? "none");
  }
});

test("a part without an account of its own uses the owner's, and the settings of another pool are not in a file", () => {
  expect(settingsOf({ DATABASE_URL: "mysql://owner@db/gas", DATABASE_URL_WEB: "" }, "web").DATABASE_URL).toBe(
    "mysql://owner@db/gas",
  );
  const file = workerSettings(everySecret, "annotator");
  expect(file).toContain("DATABASE_URL='mysql://gas_annotator:own@127.0.0.1/gas'");
  expect(file).not.toMatch(/STRIPE|SESSION|OIDC_CLIENT_SECRET|gas_web|DATABASE_URL_/);
});
