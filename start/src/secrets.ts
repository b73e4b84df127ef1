import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROLES, type Role } from "@elastic-gas/shared/permissions";
import { z } from "zod";

/** Secrets of one machine, made once; `.data/secrets.json`, readable by its owner only. */
const Secrets = z.object({
  sessionSecret: z.string().min(32),
  totpKey: z.string().min(32),
  databasePassword: z.string().min(16),
  /** Of the account of each role. */
  roleDatabasePasswords: z.record(z.enum(ROLES), z.string().min(16)),
  stripeSecretKey: z.string().min(16),
  stripeWebhookSecret: z.string().min(16),
});
export type Secrets = z.infer<typeof Secrets>;

export function ensureSecrets(dataDir: string): Secrets {
  const path = join(dataDir, "secrets.json");
  const kept = readKept(path);
  const random = () => randomBytes(24).toString("hex");
  const secrets: Secrets = {
    sessionSecret: random(),
    totpKey: random(),
    databasePassword: random(),
    roleDatabasePasswords: Object.fromEntries(ROLES.map((role) => [role, random()])) as Record<Role, string>,
    stripeSecretKey: `sk_test_${random()}`,
    stripeWebhookSecret: `whsec_${random()}`,
    ...kept,
  };
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return secrets;
}

function readKept(path: string): Partial<Secrets> {
  try {
    return Secrets.partial().parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw new Error(
      `${path} cannot be read. Restore it; without it, sessions end and the database's password is lost.`,
      { cause: error },
    );
  }
}
