import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { Config } from "@elastic-gas/shared/config";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's environment over the file `.env` of the project's root; what is set nowhere stays unset. */
export function readEnvironment(root: string, own: Environment): Environment {
  return { ...parseEnvFile(join(root, ".env")), ...own };
}

/**
 * What a child on this machine may see of our environment: everything but the machine's AWS settings, so that no client can find credentials or endpoints
 * of the real AWS, by whatever name.
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

/** Never leave the manager's machine: they are its own, or the worker has another value. */
const NOT_FOR_WORKERS: ReadonlySet<string> = new Set([
  "ADMIN_USERNAME",
  "ADMIN_PASSWORD",
  "DATA_DIR",
  "START_ID",
  "HEALTH_PORT",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT",
  "MANAGER_PORT",
  "LOCAL_CLOUD_PORT",
  "LOCAL_DATABASE_PORT",
  "LOCAL_ADDRESS_BLOCK",
  "LOCAL_INSTANCE_VCPUS",
  "LOCAL_BOOT_SECONDS",
]);

/** The settings that a release gives its workers, as a file that a shell can read. */
export function workerSettings(environment: Environment): string {
  const lines = Object.keys(Config.shape)
    .filter((name) => !NOT_FOR_WORKERS.has(name))
    .flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === "" ? [] : [`${name}=${shellQuoted(value)}`];
    });
  return `${lines.join("\n")}\n`;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function parseEnvFile(path: string): Environment {
  try {
    return parseEnv(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw error;
  }
}
