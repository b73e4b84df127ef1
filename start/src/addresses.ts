import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Config, userAppUrl } from "@elastic-gas/shared/config";
import { z } from "zod";

/** Where this folder's run answers: another terminal may have other settings, or none. */
const Addresses = z.object({
  /** Origins on this machine. */
  manager: z.url(),
  userApp: z.url(),
  /** Where local-cloud shows the mails that it keeps; not there on AWS and with another emulator. */
  mailbox: z.url().optional(),
  /** What a browser opens. */
  shown: z.record(z.string(), z.string()),
});
export type Addresses = z.infer<typeof Addresses>;

export function addressesOf(config: Config): Addresses {
  const { PUBLIC_HOST: host, MANAGER_PORT, LB_PORT, LOCAL_CLOUD_PORT, LOCAL_DATABASE_PORT } = config;
  const userApp = userAppUrl(config);
  const isLocal = config.CLOUD === "local";
  const keepsMail = isLocal && !config.EMULATED_INSTANCES;
  return {
    manager: `http://127.0.0.1:${MANAGER_PORT}`,
    userApp: isLocal ? `http://127.0.0.1:${LB_PORT}` : userApp,
    ...(keepsMail ? { mailbox: `http://127.0.0.1:${LOCAL_CLOUD_PORT}/_mail` } : {}),
    shown: {
      manager: `http://${host}:${MANAGER_PORT}`,
      "user-app": userApp,
      ...(isLocal
        ? {
            ...(config.EMULATED_INSTANCES
              ? { emulator: `${config.AWS_ENDPOINT_URL}   (AWS_ENDPOINT_URL)` }
              : { "local-cloud": `http://${host}:${LOCAL_CLOUD_PORT}   (mail: /_mail)` }),
            MariaDB: `127.0.0.1:${LOCAL_DATABASE_PORT}`,
          }
        : {}),
    },
  };
}

/** A full disk costs the file, never the start. */
export function recordAddresses(dataDir: string, addresses: Addresses): void {
  const path = fileIn(dataDir);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, JSON.stringify(addresses));
    renameSync(`${path}.new`, path);
  } catch {
    // no room for it
  }
}

export function readAddresses(dataDir: string): Addresses | undefined {
  try {
    return Addresses.parse(JSON.parse(readFileSync(fileIn(dataDir), "utf8")));
  } catch {
    return undefined; // never started, or by another version
  }
}

export function addressLines({ shown }: Addresses): readonly string[] {
  return Object.entries(shown).map(([name, address]) => `  ${name.padEnd(12)} ${address}`);
}

function fileIn(dataDir: string): string {
  return join(dataDir, "run", "addresses.json");
}
