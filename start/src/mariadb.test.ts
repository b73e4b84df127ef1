import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { expect, it, onTestFinished } from "vitest";
import {
  findMariadb,
  initialiseMariadb,
  ownerSql,
  spawnMariadb,
  UNPACKED_PROGRAMS,
  waitForMariadb,
} from "./mariadb.ts";

it("makes its data and comes up in a folder whose path has spaces", { timeout: 120_000 }, async () => {
  const programs = await findMariadb(UNPACKED_PROGRAMS);
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

/** An installation whose mariadb-install-db is this shell script. */
function installationOf(script: string) {
  const parent = mkdtempSync(join(tmpdir(), "gas-mariadb-"));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  mkdirSync(join(parent, "root/usr/bin"), { recursive: true });
  writeFileSync(join(parent, "root/usr/bin/mariadb-install-db"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const programs = { root: join(parent, "root"), server: join(parent, "root/usr/sbin/mariadbd") };
  return { programs, folder: join(parent, "mysql"), port: 1, initSql: "" };
}

it("makes its data on a machine whose name cannot be looked up", async () => {
  // The real script looks up the machine's name, then localhost, unless it is told not to mind.
  const options = installationOf(
    'case " $* " in *" --force "*) exit 0 ;; esac; echo "Neither host could be looked up"; exit 1',
  );
  await initialiseMariadb(options);
  expect(existsSync(join(options.folder, "data"))).toBe(true);
});

it("says what the installer printed last when it fails", async () => {
  const options = installationOf('echo "Installing tables"; echo "No space left on device" >&2; exit 1');
  await expect(initialiseMariadb(options)).rejects.toThrow(
    `MariaDB's data folder ${options.folder} could not be made:\nInstalling tables\nNo space left on device`,
  );
  expect(existsSync(join(options.folder, "data"))).toBe(false);
});
