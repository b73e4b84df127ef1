import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Credentials } from "./wire/auth/authenticate.ts";

const CREDENTIALS_FILE = "credentials";
const PROFILE = "default";

/**
 * The access key in `<data dir>/credentials`, which is made with random secrets (mode 0600) when it is absent. Safe to
 * call from several processes.
 */
export async function ensureLocalCredentials(dataDir: string): Promise<Credentials> {
  const path = join(dataDir, CREDENTIALS_FILE);
  const existing = await readIfThere(path);
  if (existing !== undefined) return parseCredentials(existing, path);
  await mkdir(dataDir, { recursive: true });
  await writeOnce(path, formatCredentials(createCredentials()));
  // Another process may have been first: its file counts.
  return parseCredentials(await readFile(path, "utf8"), path);
}

/** Reads profile `default` of an INI file as the AWS tools write it. */
export function parseCredentials(text: string, path: string): Credentials {
  let profile = "";
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, section, name = "", value = ""] = /^\s*(?:\[\s*([^\]]*?)\s*\]|([\w-]+)\s*=\s*(.*?))\s*$/.exec(line) ?? [];
    if (section !== undefined) profile = section;
    else if (profile === PROFILE && name !== "") values.set(name.toLowerCase(), value);
  }
  const accessKeyId = values.get("aws_access_key_id");
  const secretAccessKey = values.get("aws_secret_access_key");
  if (!accessKeyId || !secretAccessKey) {
    throw new Error(
      `${path} has no aws_access_key_id and aws_secret_access_key in [${PROFILE}]. Delete it to have it made again.`,
    );
  }
  return { accessKeyId, secretAccessKey };
}

/** A key that looks like AWS's own, but begins with LCAL, so that nobody takes it for a real one. */
function createCredentials(): Credentials {
  const accessKeyId = `LCAL${randomBytes(10).toString("hex").toUpperCase().slice(0, 16)}`;
  return { accessKeyId, secretAccessKey: randomBytes(30).toString("base64url") };
}

function formatCredentials({ accessKeyId, secretAccessKey }: Credentials): string {
  return `[${PROFILE}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
}

async function writeOnce(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    // Unlike rename, link does not replace what another process has just made.
    await link(temporary, path).catch((error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    });
  } finally {
    await file.close();
    await rm(temporary, { force: true });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
