import { randomBytes } from "node:crypto";
import type { Database } from "@elastic-gas/shared/database/connect";
import { readSetting } from "../../read/settings.ts";
import { claimSetting } from "../settings.ts";

const SETTING = "session_secret";

/**
 * The secret of the settings, or one that the first process of the installation makes and all share: sessions outlive a
 * restart.
 */
export async function findSessionSecret(db: Database, configured: string | undefined): Promise<string> {
  if (configured !== undefined) return configured;
  await claimSetting(db, SETTING, randomBytes(32).toString("hex"));
  const secret = await readSetting(db, SETTING);
  if (secret === undefined) throw new Error("The session secret could not be stored.");
  return secret;
}
