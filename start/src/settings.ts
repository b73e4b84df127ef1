import { join, resolve } from "node:path";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ensureLocalCredentials } from "@elastic-gas/local-cloud/credentials";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { readConfig } from "@elastic-gas/shared/config";
import { type DatabaseAccounts, databaseAccount } from "@elastic-gas/shared/database/accounts";
import { schemaOf } from "@elastic-gas/shared/database/connect";
import { DEFAULT_INSTANCE_PROFILE, databaseUrlSetting, ROLES, type Role } from "@elastic-gas/shared/permissions";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { readAwsSecrets, settingsOfSecrets } from "./aws-secrets.ts";
import { emulatorEndpoint } from "./emulator-endpoint.ts";
import { type Environment, withoutAws } from "./environment.ts";
import { UNPACKED_PROGRAMS } from "./mariadb.ts";
import { ensureSecrets } from "./secrets.ts";

/** Of the database that start.sh runs itself. */
export const SCHEMA = "gas";
/** Owns the tables. */
export const DATABASE_USER = "gas";

/** Settings that this machine makes itself: secrets, addresses, shares. What the operator set stays. */
export async function completeSettings(environment: Environment): Promise<Environment> {
  if (environment.CLOUD === "aws") {
    const config = readConfig(environment);
    if (config.SECRETS_FROM_AWS) {
      const client = createAwsClient(SecretsManagerClient, config);
      const secrets = await readAwsSecrets(client, resourcesOf(config));
      client.destroy();
      return { ...environment, ...settingsOfSecrets(secrets) };
    }
    const { DATA_DIR, SESSION_SECRET, TOTP_KEY } = config;
    const made = SESSION_SECRET === undefined || TOTP_KEY === undefined ? ensureSecrets(DATA_DIR) : undefined;
    return {
      ...environment,
      SESSION_SECRET: SESSION_SECRET ?? made?.sessionSecret,
      TOTP_KEY: TOTP_KEY ?? made?.totpKey,
    };
  }
  const local = withoutAws(environment);
  const { DATA_DIR, LOCAL_CLOUD_PORT, LOCAL_DATABASE_PORT, CLOUD } = readConfig({
    ...local,
    AWS_ENDPOINT_URL: "http://127.0.0.1",
  });
  const emulator = emulatorEndpoint(environment);
  const endpoint = emulator ?? `http://127.0.0.1:${LOCAL_CLOUD_PORT}`;
  const secrets = ensureSecrets(DATA_DIR);
  await ensureLocalCredentials(DATA_DIR);
  const database = (user: string, password: string) =>
    `mysql://${user}:${password}@127.0.0.1:${LOCAL_DATABASE_PORT}/${SCHEMA}`;
  const external = nonEmpty(local.DATABASE_URL);
  const ofRoles = ROLES.map((role) => [
    databaseUrlSetting(role),
    nonEmpty(local[databaseUrlSetting(role)]) ??
      (external === undefined
        ? database(databaseAccount(SCHEMA, role), secrets.roleDatabasePasswords[role])
        : undefined),
  ]);
  return {
    ...local,
    CLOUD,
    DATA_DIR,
    AWS_ENDPOINT_URL: endpoint,
    ...Object.fromEntries(ofRoles),
    DATABASE_URL: external ?? database(DATABASE_USER, secrets.databasePassword),
    SESSION_SECRET: nonEmpty(local.SESSION_SECRET) ?? secrets.sessionSecret,
    TOTP_KEY: nonEmpty(local.TOTP_KEY) ?? secrets.totpKey,
    // Instances start in folders of their own, so a path of the operator's must not depend on this one.
    MASK_MODEL: local.MASK_MODEL ? resolve(local.MASK_MODEL) : undefined,
    ELASTIC_GAS_CACHE: join(DATA_DIR, "cache"),
    ELASTIC_GAS_PROGRAMS: join(UNPACKED_PROGRAMS, "bin"),
    ...(emulator === undefined
      ? {
          STRIPE_API_URL: nonEmpty(local.STRIPE_API_URL) ?? endpoint,
          STRIPE_SECRET_KEY: nonEmpty(local.STRIPE_SECRET_KEY) ?? secrets.stripeSecretKey,
          STRIPE_WEBHOOK_SECRET: nonEmpty(local.STRIPE_WEBHOOK_SECRET) ?? secrets.stripeWebhookSecret,
          STRIPE_PRICE_ID: nonEmpty(local.STRIPE_PRICE_ID) ?? "price_premium_weekly",
          WORKER_SUBNET_IDS: nonEmpty(local.WORKER_SUBNET_IDS) ?? "subnet-local-a,subnet-local-b",
          // local-cloud gives credentials to instances with a profile only, as EC2 does.
          WORKER_INSTANCE_PROFILE: nonEmpty(local.WORKER_INSTANCE_PROFILE) ?? DEFAULT_INSTANCE_PROFILE,
        }
      : { EMULATED_INSTANCES: "true" }),
  };
}

/**
 * The database accounts that the start makes: on the server that it runs, which only this machine reaches, and on the
 * deployment's, which only our machines reach. On another one, its administrator makes them.
 */
export function accountsToMake(settings: Environment, ownServer: boolean): DatabaseAccounts | undefined {
  const { DATA_DIR, DATABASE_URL, SECRETS_FROM_AWS } = readConfig(settings);
  const schema = schemaOf(DATABASE_URL);
  if (ownServer) return { schema, host: "127.0.0.1", passwords: ensureSecrets(DATA_DIR).roleDatabasePasswords };
  if (!SECRETS_FROM_AWS) return undefined;
  const passwordOf = (role: Role) => decodeURIComponent(new URL(settings[databaseUrlSetting(role)] ?? "").password);
  return { schema, host: "%", passwords: Object.fromEntries(ROLES.map((role) => [role, passwordOf(role)])) };
}

/** The server that start.sh runs. */
export function isOwnServer({ CLOUD, DATABASE_URL }: Environment): boolean {
  return CLOUD !== "aws" && nonEmpty(DATABASE_URL) === undefined;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
