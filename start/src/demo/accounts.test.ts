import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { demoAccounts } from "./accounts.ts";
import type { Account } from "./form-browser.ts";

let dataDir: string;
let registered: Map<string, string>;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "demo-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  dataDir = folder;
  registered = new Map();
});

const register = async ({ username, password }: Account): Promise<boolean> => {
  if (registered.has(username)) return false;
  registered.set(username, password);
  return true;
};

it("registers each name with a password of its own, which only the owner of the data folder can read", async () => {
  const accounts = await demoAccounts(dataDir, ["demo-ada", "demo-ben"], register);
  expect(accounts.map(({ username }) => username)).toEqual(["demo-ada", "demo-ben"]);
  expect(accounts[0]?.password).not.toBe(accounts[1]?.password);
  expect(accounts.every(({ password }) => password.length >= 12)).toBe(true);
  expect(statSync(join(dataDir, "demo.json")).mode & 0o077).toBe(0);
});

it("goes on with the same accounts in a second demo, also after all data were deleted", async () => {
  const first = await demoAccounts(dataDir, ["demo-ada"], register);
  expect(await demoAccounts(dataDir, ["demo-ada"], register)).toEqual(first);
  registered.clear();
  expect(await demoAccounts(dataDir, ["demo-ada"], register)).toEqual(first);
  expect(registered.get("demo-ada")).toBe(first[0]?.password);
});

it("takes another name where somebody else has it, and a new start where the file is damaged", async () => {
  registered.set("demo-ada", "somebody's");
  writeFileSync(join(dataDir, "demo.json"), "{ half a fi");
  const [account] = await demoAccounts(dataDir, ["demo-ada"], register);
  expect(account?.username).toMatch(/^demo-ada-[0-9a-f]{6}$/);
  expect(registered.get("demo-ada")).toBe("somebody's");
  expect(registered.get(account?.username ?? "")).toBe(account?.password);
});
