import { join } from "node:path";
import { createPasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { restoreAdmin } from "@elastic-gas/shared/accounts/restore-admin";
import { makePassword } from "@elastic-gas/shared/accounts/users";
import { audit } from "@elastic-gas/shared/audit";
import { readConfig } from "@elastic-gas/shared/config";
import { connectDatabase } from "@elastic-gas/shared/database/connect";
import { readEnvironment } from "./environment.ts";
import { completeSettings } from "./settings.ts";

/**
 * `./start.sh admin-password [NAME]`, for whoever may read this machine's secrets; the system has to run, for its
 * database has to.
 */
const config = readConfig(await completeSettings(readEnvironment(join(import.meta.dirname, "../.."), process.env)));
const db = connectDatabase({ url: config.DATABASE_URL, connectionLimit: 1 });
try {
  const password = makePassword();
  const passwordHash = await createPasswordVerifier().hash(password);
  const outcome = await restoreAdmin(db, { username: process.argv[2] ?? "", passwordHash, now: new Date() });
  if (outcome.kind === "done") {
    await audit(db, { actor: "start.sh", action: "user.password", target: outcome.username });
    console.log(
      `${outcome.username} / ${password}   <- shown only now. Older sessions and API tokens have ended, and the second step is off.`,
    );
  } else {
    console.error(outcome.reason);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(
    `The database does not answer: ${error instanceof Error ? error.message : error}. Start the system first.`,
  );
  process.exitCode = 1;
} finally {
  await db.destroy();
}
