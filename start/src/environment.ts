import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { Config } from "@elastic-gas/shared/config";
import { shellQuoted } from "@elastic-gas/shared/format/shell-quoted";
import { databaseUrlSetting, ROLES, type Role, SECRET_SETTINGS } from "@elastic-gas/shared/permissions";
import type { PoolName } from "@elastic-gas/shared/resources";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's environment over the file `.env` of the project's root; what is set nowhere stays unset. */
export function readEnvironment(root: string, own: Environment): Environment {
  return { ...parseEnvFile(join(root, ".env")), ...own };
}

/**
 * What a child on this machine may see of our environment: everything but the machine's AWS settings, so that no client
 * can find credentials or endpoints of the real AWS, by whatever name.
 */
export function withoutAws(environment: Environment): Environment {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith("AWS_") || name === "AWS_REGION");
  return {
    ...Object.fromEntries(kept),
    // The SDK reads these files when nothing names others.
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

/**
 * What a part of this role may see of the settings: no secret of another one, its own database account, and a cookie
 * secret that neither gives away the other app's nor what both are made of.
 */
export function settingsOf(environment: Environment, role: Role): Environment {
  const own = withholdSecrets(environment, (name) => SECRET_SETTINGS[name]?.includes(role) === true);
  const { SESSION_SECRET: secret } = own;
  return {
    ...own,
    DATABASE_URL: environment[databaseUrlSetting(role)] || environment.DATABASE_URL,
    ...(secret && { SESSION_SECRET: createHmac("sha256", secret).update(`sessions of ${role}`).digest("hex") }),
  };
}

/** What local-cloud may see: it plays Stripe, and uses no database and no session. */
export function cloudSettings(environment: Environment): Environment {
  return withholdSecrets(environment, (name) => name.startsWith("STRIPE_"));
}

function withholdSecrets(environment: Environment, isGiven: (name: string) => boolean): Environment {
  const withheld = new Set<string>([
    ...Object.keys(SECRET_SETTINGS).filter((name) => !isGiven(name)),
    ...ROLES.map(databaseUrlSetting),
  ]);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !withheld.has(name)));
}

/** Never leave the manager's machine: they are its own, or the worker has another value. */
const NOT_FOR_WORKERS: ReadonlySet<string> = new Set([
  "ADMIN_USERNAME",
  "ADMIN_PASSWORD",
  "DATA_DIR",
  "START_ID",
  "HEALTH_PORT",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT",
  "EMULATED_INSTANCES",
  "RELEASE_SHA256",
  "SECRETS_FROM_AWS",
  "LOCAL_CLOUD_PORT",
  "LOCAL_DATABASE_PORT",
  "LOCAL_ADDRESS_BLOCK",
  "LOCAL_INSTANCE_VCPUS",
  "LOCAL_BOOT_SECONDS",
]);

/** The settings that a release gives the workers of a pool, as a file that a shell can read. */
export function workerSettings(environment: Environment, pool: PoolName): string {
  const own = settingsOf(environment, pool);
  const lines = Object.keys(Config.shape)
    .filter((name) => !NOT_FOR_WORKERS.has(name))
    .flatMap((name) => {
      const value = own[name];
      return value === undefined || value === "" ? [] : [`${name}=${shellQuoted(value)}`];
    });
  return `${lines.join("\n")}\n`;
}

/**
 * What stands in the file `.env` and sets nothing, a sentence for each: a misspelt name would be overlooked, and the
 * default taken.
 */
export function oddSettings(root: string): readonly string[] {
  const text = readEnvFile(join(root, ".env"));
  // Names of the AWS SDK and of Node are not ours, and count.
  const unknown = Object.keys(parseEnv(text)).filter((name) => !(name in Config.shape || /^(AWS|NODE)_/.test(name)));
  const colons = [...text.matchAll(/^[ \t]*([A-Z][A-Z0-9_]*)[ \t]*:/gm)].flatMap(([, name]) => name ?? []);
  return [
    ...unknown.map(
      (name) => `.env sets ${name}, which is no setting of Elastic GAS. Its settings are in .env.example.`,
    ),
    ...colons
      .filter((name) => name in Config.shape)
      .map((name) => `.env has "${name}:", which sets nothing. Write ${name}=VALUE.`),
  ];
}

function parseEnvFile(path: string): Environment {
  return parseEnv(readEnvFile(path));
}

/** The text without the byte order mark of some editors, which would belong to the first name; "" without a file. */
function readEnvFile(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/^\ufeff/, "");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
