import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startTestHarness } from "@elastic-gas/testing/autoscaler/test-harness";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, it } from "vitest";

const PATIENT = { deadlineMs: 120_000 };

it("the process acts, ends with exit code 0 on SIGTERM, and leaves the workers alone", async () => {
  await using harness = await startTestHarness();
  const { config } = harness;
  const child = spawn(process.execPath, [fileURLToPath(new URL("main.ts", import.meta.url))], {
    env: {
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: config.AWS_ENDPOINT_URL,
      DATA_DIR: config.DATA_DIR,
      DATABASE_URL: config.DATABASE_URL,
      PREFIX: config.PREFIX,
      RECONCILE_SECONDS: "0.2",
      START_ID: "run-1",
      LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const exit = once(child, "exit");
  try {
    await waitUntil("the first workers", async () => (await harness.living("annotator")).length === 2, PATIENT);
    const decisions = await waitUntil(
      "the first checks",
      async () => {
        const rows = await harness.db.selectFrom("decisions").selectAll().execute();
        return rows.length >= 3 && rows;
      },
      PATIENT,
    );
    expect(new Set(decisions.map(({ pool }) => pool))).toEqual(new Set(["web", "annotator", "utility"]));
  } finally {
    child.kill("SIGTERM");
  }
  expect(await exit).toEqual([0, null]);
  expect(await harness.living("annotator")).toHaveLength(2);
  // The lease was given back: the next one need not wait.
  expect(await harness.another("next").context.lease.renew()).toBe(true);
}, 300_000);
