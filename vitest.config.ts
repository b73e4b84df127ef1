import { totalmem } from "node:os";
import { defineConfig } from "vitest/config";
import { startRunFolder } from "./testing/src/system/run-folder.ts";
import { StoriesAmongParts } from "./testing/src/system/stories-among-parts.ts";

// Here and not in a globalSetup: vitest itself makes temporary folders before that. Other programs read this file too.
if (process.env.VITEST === "true") startRunFolder();

const common = {
  globals: false,
  testTimeout: 180_000, // a passing test never takes this long, however busy the machine
  hookTimeout: 240_000,
  env: { NODE_NO_WARNINGS: "1" },
} as const;

/** Much of a test's time is waiting: six files at a time keep two cores busy, and take up to 6 GB. */
const WORKERS = totalmem() >= 8 * 2 ** 30 ? 6 : 3;

const story = { testTimeout: 300_000, hookTimeout: 300_000 } as const;
/** These saturate instances and measure them: alone, or nobody's figures mean anything. */
const ALONE = [
  "tests/load-grows-and-shrinks-the-web-pool.test.ts",
  "local-cloud/src/ec2/cpu-proof.test.ts",
  "local-cloud/src/ec2/quota/quota.test.ts",
];

export default defineConfig({
  test: {
    globalSetup: ["./testing/src/system/mariadb.ts", "./testing/src/system/pages.ts"],
    pool: "forks",
    sequence: { sequencer: StoriesAmongParts },
    projects: [
      {
        // One process runs many files: loading the AWS clients again for each took a third of all the CPU.
        test: {
          ...common,
          name: "parts",
          include: ["*/src/**/*.test.ts", "docs/site/*.test.ts"],
          exclude: ALONE,
          isolate: false,
          maxWorkers: WORKERS,
        },
      },
      {
        test: {
          ...common,
          ...story,
          name: "stories",
          include: ["tests/**/*.test.ts"],
          exclude: ALONE,
          maxWorkers: WORKERS,
        },
      },
      { test: { ...common, ...story, name: "alone", include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
