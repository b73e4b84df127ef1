import { createHmac } from "node:crypto";
import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { databaseAccount } from "@elastic-gas/shared/database/accounts";
import { databaseUrlSetting, ROLES, type Role } from "@elastic-gas/shared/permissions";
import { type Resources, SECRET_KEYS, type SecretKey } from "@elastic-gas/shared/resources";
import { z } from "zod";
import type { Environment } from "./environment.ts";

/** As RDS keeps it: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html */
const DatabaseSecret = z.object({
  username: z.string().min(1),
  password: z.string().min(1),
  host: z.string().min(1),
  port: z.coerce.number().int().min(1),
  dbname: z.string().min(1),
});
/** What only the operator knows: settings by name. */
const OperatorSecret = z.partialRecord(
  z.enum(["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_PRICE_ID", "OIDC_CLIENT_SECRET"]),
  z.string(),
);
const Application = z.string().min(32);

/** The secrets of an installation on AWS, as their texts. */
export async function readAwsSecrets(
  client: SecretsManagerClient,
  { secrets }: Resources,
): Promise<Readonly<Record<SecretKey, string>>> {
  const texts = await Promise.all(
    SECRET_KEYS.map(async (key): Promise<[SecretKey, string]> => {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secrets[key] }));
      if (SecretString === undefined) throw new Error(`The secret ${secrets[key]} has no text. Deploy again.`);
      return [key, SecretString];
    }),
  );
  return Object.fromEntries(texts) as Record<SecretKey, string>;
}

/**
 * The settings that these secrets make: the database by TLS, an account of its own for each part, the keys of the
 * operator.
 */
export function settingsOfSecrets(secrets: Readonly<Record<SecretKey, string>>): Environment {
  const { username, password, host, port, dbname } = DatabaseSecret.parse(JSON.parse(secrets.database));
  const application = Application.parse(secrets.application);
  const address = (user: string, word: string) => {
    const url = new URL(`mysql://${host}:${port}/${dbname}`);
    url.username = user;
    url.password = word;
    // mysql2 knows the certificates of RDS by this name.
    url.searchParams.set("ssl", "Amazon RDS");
    return url.href;
  };
  const ofRoles = ROLES.map((role) => [
    databaseUrlSetting(role),
    address(databaseAccount(dbname, role), accountPassword(application, role)),
  ]);
  return {
    ...Object.fromEntries(ofRoles),
    ...OperatorSecret.parse(JSON.parse(secrets.operator)),
    DATABASE_URL: address(username, password),
    SESSION_SECRET: application,
    TOTP_KEY: createHmac("sha256", application).update("secrets of second steps").digest("hex"),
    ADMIN_PASSWORD: secrets.administrator,
  };
}

/** Of the role's database account; the same from every machine, so that a new manager's instance locks nobody out. */
function accountPassword(application: string, role: Role): string {
  return createHmac("sha256", application).update(`database account of ${role}`).digest("hex");
}
