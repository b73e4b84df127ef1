import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

/** The process's environment over the file aws/deploy.env. */
export function readDeployEnvironment(): Readonly<Record<string, string | undefined>> {
  const path = join(import.meta.dirname, "../../deploy.env");
  return { ...(existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {}), ...process.env };
}
