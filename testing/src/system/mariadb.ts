import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { findMariadb, initialiseMariadb, spawnMariadb, waitForMariadb } from "@elastic-gas/start/mariadb";

/** vitest's global set-up: one MariaDB server for the whole run; each test file makes a schema of its own on it. */
export const setup = (): Promise<() => Promise<void>> => startDatabaseServer({ disposable: true });

/**
 * A server for tests, which `createTestDatabase` finds; resolves with what ends it. One that is not disposable writes
 * to the disk as the product's does.
 */
export async function startDatabaseServer({
  disposable,
}: {
  readonly disposable: boolean;
}): Promise<() => Promise<void>> {
  const programs = await findMariadb(join(import.meta.dirname, "../../../.data/apt"));
  if (programs === undefined)
    throw new Error("mariadbd is not installed. `npm test` installs it; then vitest can be run alone.");
  const folder = await mkdtemp(join(tmpdir(), "gas-mariadb-"));
  const port = await findFreePort();
  const password = "test";
  const options = {
    programs,
    folder,
    port,
    disposable,
    initSql: `create or replace user 'test'@'127.0.0.1' identified by '${password}';\ngrant all on *.* to 'test'@'127.0.0.1' with grant option;\n`,
  };
  await initialiseMariadb(options);
  const child = await spawnMariadb(options);
  const kill = () => child.kill("SIGKILL"); // a throw-away server has nothing to save
  process.once("exit", kill);
  await waitForMariadb(child, options);
  process.env.TEST_DATABASE_SERVER = `mysql://test:${password}@127.0.0.1:${port}`;
  return async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    process.off("exit", kill);
    kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
}
