import { schemaOf } from "@elastic-gas/shared/database/connect";
import { createLogger } from "@elastic-gas/shared/logger";
import { createTestDatabase } from "@elastic-gas/testing/database";
import { createConnection } from "mysql2/promise";
import { expect, test } from "vitest";
import { createAccountKeeper } from "./keep-database-accounts.ts";

const log = createLogger("test", "silent");

test("an account that changed its own password gets it back, with a line and a row of the audit log", async () => {
  await using database = await createTestDatabase();
  const [web, utility] = [await database.urlOf("web"), await database.urlOf("utility")];
  const schema = schemaOf(web);
  const printed: string[] = [];
  const settings = { DATABASE_URL: database.url, DATABASE_URL_WEB: web, DATABASE_URL_UTILITY: utility };
  const { password } = new URL(web);
  const accounts = { schema, host: "127.0.0.1", passwords: { web: password, utility: password } };
  const print = (line: string) => void printed.push(line);
  const keep = createAccountKeeper({ settings, accounts, log, print });
  await keep();
  expect(printed).toEqual([]);

  await ask(web, "set password = password('taken')");
  await expect(ask(web, "select 1")).rejects.toThrow("Access denied");
  // Where an administrator of the server makes the accounts, it is told once.
  const keepOthers = createAccountKeeper({ settings, accounts: undefined, log, print });
  await keepOthers();
  await keepOthers();
  expect(printed.splice(0)).toEqual([expect.stringContaining(`${schema}_web refuses its password`)]);

  await keep();
  await ask(web, "select 1");
  await keep();
  expect(printed).toEqual([expect.stringContaining(`password of ${schema}_web had been changed`)]);
  const rows = await database.db.selectFrom("auditLog").select(["actor", "action", "target"]).execute();
  expect(rows).toEqual([{ actor: "start", action: "database.password-set-again", target: `${schema}_web` }]);
});

test("a server that does not answer is no changed password", async () => {
  await using database = await createTestDatabase();
  const printed: string[] = [];
  const gone = new URL(await database.urlOf("web"));
  gone.port = "1";
  const accounts = { schema: schemaOf(gone.href), host: "127.0.0.1", passwords: { web: gone.password } };
  const settings = { DATABASE_URL: database.url, DATABASE_URL_WEB: gone.href };
  const print = (line: string) => void printed.push(line);
  await createAccountKeeper({ settings, accounts, log, print })();
  expect(printed).toEqual([]);
});

async function ask(url: string, question: string): Promise<void> {
  const connection = await createConnection(url);
  try {
    await connection.query(question);
  } finally {
    await connection.end();
  }
}
