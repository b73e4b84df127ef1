import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { databaseAccount, databaseAccountsSql } from "@elastic-gas/shared/database/accounts";
import { schemaOf } from "@elastic-gas/shared/database/connect";
import { databaseUrlSetting, ROLES, type Role } from "@elastic-gas/shared/permissions";
import { readEnvironment } from "./environment.ts";

/**
 * `./start.sh database-accounts`: what an administrator runs on a database server of their own, and what to put into
 * `.env` then. Passwords that the settings hold are kept.
 */
const environment = readEnvironment(join(import.meta.dirname, "../.."), process.env);
const owner = environment.DATABASE_URL ?? "";
if (owner === "") {
  console.log("start.sh runs the database server itself and makes the accounts at each start. Nothing is to be done.");
} else {
  const schema = schemaOf(owner);
  const passwordOf = (role: Role): string => {
    const known = environment[databaseUrlSetting(role)] ?? "";
    return known === "" ? randomBytes(24).toString("hex") : decodeURIComponent(new URL(known).password);
  };
  const passwords = Object.fromEntries(ROLES.map((role) => [role, passwordOf(role)])) as Record<Role, string>;
  console.log("-- Run this as an administrator of the server, after the first start and after each update:");
  for (const statement of databaseAccountsSql({ schema, host: "%", passwords })) console.log(`${statement};`);
  console.log("\n# Then put this into .env and start again:");
  for (const role of ROLES) {
    const url = new URL(owner);
    url.username = databaseAccount(schema, role);
    url.password = passwords[role];
    console.log(`${databaseUrlSetting(role)}=${url.href}`);
  }
}
