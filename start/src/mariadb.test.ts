import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { findFreePort } from "./free-port.ts";
import { findMariadb, initialiseMariadb, ownerSql, spawnMariadb, waitForMariadb } from "./mariadb.ts";

it("makes its data and comes up in a folder whose path has spaces", { timeout: 120_000 }, async () => {
  const programs = await findMariadb(join(import.meta.dirname, "../../.data/apt"));
  if (programs === undefined) throw new Error("mariadbd is not installed.");
  const parent = mkdtempSync(join(tmpdir(), "gas mariadb "));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const folder = join(parent, "my sql");
  mkdirSync(folder);
  const initSql = ownerSql({ schema: "gas", user: "gas", password: "secret" });
  const options = { programs, folder, port: await findFreePort(), initSql, disposable: true };
  await initialiseMariadb(options);
  const child = await spawnMariadb(options);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    await expect(waitForMariadb(child, options)).resolves.toBeUndefined();
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
});
