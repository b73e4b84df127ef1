import { randomBytes } from "node:crypto";
import { ALL_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { changePassword } from "@elastic-gas/shared/accounts/change-password";
import type { PasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { createUser, findUserByUsername } from "@elastic-gas/shared/accounts/users";
import type { Database } from "@elastic-gas/shared/database/connect";

const USERNAME = "load-test";
/** Tells our account from a person who happened to take that name. */
const NAME = "Load test (made by the manager)";

/**
 * The account that load tests send as, with a new password each time. Its photos go with it when it is deleted under
 * Users.
 */
export async function openLoadAccount(
  db: Database,
  passwords: PasswordVerifier,
  now: Date,
): Promise<{ readonly username: string; readonly password: string }> {
  const password = randomBytes(18).toString("base64url");
  const passwordHash = await passwords.hash(password);
  for (const username of [USERNAME, `${USERNAME}-${randomBytes(4).toString("hex")}`]) {
    const id = await createUser(db, { username, passwordHash, name: NAME });
    if (id !== undefined) return { username, password };
    const existing = await findUserByUsername(db, username);
    if (existing?.name === NAME && !existing.isAdmin) {
      await db
        .transaction()
        .execute((trx) => changePassword(trx, ALL_ACCOUNTS, { userId: existing.id, passwordHash, now }));
      return { username, password };
    }
  }
  throw new Error("No account for the load test could be made.");
}
