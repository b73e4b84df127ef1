import { audit } from "@elastic-gas/shared/audit";
import {
  type DatabaseAccounts,
  databaseAccount,
  isPasswordRefused,
  makeDatabaseAccounts,
} from "@elastic-gas/shared/database/accounts";
import { connectDatabase, schemaOf } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import { databaseUrlSetting, ROLES, type Role } from "@elastic-gas/shared/permissions";
import type { Environment } from "./environment.ts";

export interface KeepAccountsDeps {
  readonly settings: Environment;
  /** The accounts that the start makes; undefined where an administrator of the server makes them. */
  readonly accounts: DatabaseAccounts | undefined;
  readonly log: Logger;
  readonly print: (line: string) => void;
}

/**
 * Looks, at each call, whether the account of each role still takes its password. An account may always change its own
 * (neither MariaDB nor MySQL can forbid it), and none of the role's processes connects any more then. The password is
 * set again, or, where the start may not, it is told once.
 */
export function createAccountKeeper({ settings, accounts, log, print }: KeepAccountsDeps): () => Promise<void> {
  const told = new Set<Role>();
  return async () => {
    for (const role of ROLES) {
      const url = settings[databaseUrlSetting(role)];
      if (!url) continue; // it uses the owner's account
      if (!(await isPasswordRefused(url))) {
        told.delete(role);
        continue;
      }
      if (told.has(role)) continue;
      const account = databaseAccount(schemaOf(url), role);
      const password = accounts?.passwords[role];
      if (accounts === undefined || password === undefined) {
        told.add(role);
        log.error({ role, account }, "database account refuses its password");
        print(
          `!! database     ${account} refuses its password: ./start.sh database-accounts tells how to set it again`,
        );
        continue;
      }
      await repair(settings, { ...accounts, passwords: { [role]: password } }, account);
      log.error({ role, account }, "password of a database account had been changed, and was set again");
      print(`!! database     the password of ${account} had been changed by somebody, and was set again`);
    }
  };
}

async function repair(settings: Environment, accounts: DatabaseAccounts, account: string): Promise<void> {
  const db = connectDatabase({ url: settings.DATABASE_URL ?? "", connectionLimit: 1 });
  try {
    await makeDatabaseAccounts(db, accounts);
    await audit(db, { actor: "start", action: "database.password-set-again", target: account });
  } finally {
    await db.destroy();
  }
}
