import { spawnSync } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { expect, test } from "vitest";

const LOGGER = new URL("./logger.ts", import.meta.url).href;

test.skipIf(!existsSync("/dev/full"))("a log that cannot be written does not end the process", () => {
  const program = `
    import { createLogger } from ${JSON.stringify(LOGGER)};
    const log = createLogger("test", "info");
    for (let count = 0; count < 3; count += 1) {
      log.info({ count }, "line");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    process.stderr.write("alive");
    process.exit(0);
  `;
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, "alive"]);
});
