import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Account } from "./form-browser.ts";

const FILE = "demo.json";
const Kept = z.record(z.string(), z.object({ username: z.string(), password: z.string() }));

/**
 * Accounts by name, registered with `register`. Their passwords are kept in the data folder, readable by its owner
 * only, so that a second demo goes on with the same ones; where a name belongs to somebody else already, another one is
 * taken.
 */
export async function demoAccounts(
  dataDir: string,
  names: readonly string[],
  register: (account: Account) => Promise<boolean>,
): Promise<readonly Account[]> {
  const path = join(dataDir, FILE);
  const kept = read(path);
  const accounts: Account[] = [];
  for (const name of names) {
    const known = kept[name];
    let account = known ?? newAccount(name);
    // One of an earlier demo is registered again: all data may have been deleted since.
    const isNew = await register(account);
    if (!isNew && known === undefined) {
      account = newAccount(`${name}-${randomBytes(3).toString("hex")}`);
      await register(account);
    }
    accounts.push(account);
    kept[name] = account;
  }
  writeFileSync(path, JSON.stringify(kept), { mode: 0o600 });
  return accounts;
}

function newAccount(username: string): Account {
  return { username, password: randomBytes(9).toString("base64url") };
}

function read(path: string): z.infer<typeof Kept> {
  try {
    return Kept.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return {}; // no demo yet
  }
}
