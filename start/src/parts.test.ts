import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureLocalCredentials } from "@elastic-gas/local-cloud/credentials";
import { readConfig } from "@elastic-gas/shared/config";
import { createLogger } from "@elastic-gas/shared/logger";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, it, onTestFinished } from "vitest";
import { autoscalerPart } from "./parts.ts";
import { supervise } from "./supervise.ts";

const ROOT = join(import.meta.dirname, "../..");
const SLOW = { deadlineMs: 120_000 };
const SILENCE_LIMIT_MS = 4_000;

/** Neither the database nor any service of AWS answers: no reason to restart anybody. */
const environmentOf = (dataDir: string) => ({
  PATH: process.env.PATH,
  DATA_DIR: dataDir,
  AWS_ENDPOINT_URL: "http://127.0.0.1:1",
  AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1",
  DATABASE_URL: "mysql://gas:gas@127.0.0.1:1/gas",
  LOG_LEVEL: "fatal",
});

it("the autoscaler that hangs while its process lives is replaced by another", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "watched-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  await ensureLocalCredentials(dataDir);
  const environment = environmentOf(dataDir);
  const watched = autoscalerPart({ root: ROOT, config: readConfig(environment), environment }, "run-1");
  const health = watched.health ?? expect.fail("nothing watches the autoscaler");
  const part = { ...watched, health: { ...health, everyMs: 1_000, silenceLimitMs: SILENCE_LIMIT_MS } };
  const events: string[] = [];
  const pids: number[] = [];
  const supervised = supervise(part, {
    log: createLogger("test", "silent"),
    onState: (_name, state, detail) => events.push(`${state} ${detail}`.trim()),
    onPid: async (_name, pid) => {
      if (pid !== undefined) pids.push(pid);
    },
  });
  onTestFinished(() => supervised.stop());
  await supervised.up;
  const [first = 0] = pids;
  process.kill(first, "SIGSTOP");
  await waitUntil("another one is up", () => events.filter((event) => event === "up").length === 2, SLOW);
  expect(events[2]).toMatch(/^down did not answer for \d+ s: /);
  expect(pids).toHaveLength(2);
  expect(() => process.kill(first, 0)).toThrow("ESRCH");
}, 300_000);
