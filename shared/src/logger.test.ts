import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";

const LOGGER = JSON.stringify(new URL("./logger.ts", import.meta.url).href);

/** Runs a script whose log goes to `stdout`; what it says on stderr, and how it ended. */
async function run(script: string, stdout: "pipe" | number) {
  const child = spawn(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], {
    stdio: ["ignore", stdout, "pipe"],
    env: { PATH: process.env.PATH, NODE_NO_WARNINGS: "1" },
  });
  const [said, logged, [code]] = await Promise.all([
    child.stderr === null ? "" : text(child.stderr),
    child.stdout === null ? "" : text(child.stdout),
    once(child, "exit") as Promise<[number | null]>, // the event's arguments
  ]);
  return { said, logged, code };
}

// Processes start slowly on a machine that is busy.
const LONG = { timeout: 120_000 };

it("a process goes on, with bounded memory, when the disk of its log is full", LONG, async () => {
  const full = openSync("/dev/full", "w");
  try {
    const { said, code } = await run(
      `import { createLogger } from ${LOGGER};
       const log = createLogger("test", "info");
       const line = "x".repeat(1_000);
       const before = process.memoryUsage().heapUsed;
       for (let index = 0; index < 15_000; index += 1) log.info({ index, line }, "one more");
       await new Promise((done) => setTimeout(done, 50));
       global.gc();
       console.error(process.memoryUsage().heapUsed - before < 8e6 ? "alive" : "memory grew");
       process.exit(0);`,
      full,
    );
    expect({ said: said.trim(), code }).toEqual({ said: "alive", code: 0 });
  } finally {
    closeSync(full);
  }
});

it("writes each line, with secrets left out, when there is room", LONG, async () => {
  const { logged } = await run(
    `import { createLogger } from ${LOGGER};
     createLogger("test", "info").info({ password: "hunter2", jobId: "j" }, "job started");`,
    "pipe",
  );
  expect(JSON.parse(logged)).toMatchObject({ part: "test", jobId: "j", password: "[redacted]", msg: "job started" });
});
