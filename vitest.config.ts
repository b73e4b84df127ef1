import { totalmem } from "node:os";
import { defineConfig } from "vitest/config";
import { startRunFolder } from "./testing/src/system/run-folder.ts";

// Here and not in a globalSetup: vitest itself makes temporary folders before that. Other programs read this file too.
if (process.env.VITEST === "true") startRunFolder();

const common = {
  globals: false,
  testTimeout: 180_000, // a passing test never takes this long, however busy the machine
  hookTimeout: 240_000,
  env: { NODE_NO_WARNINGS: "1" },
} as const;

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
    projects: [
      {
        // One process runs many files: loading the AWS clients again for each took a third of all the CPU. Much of a
        // test's time is waiting: six at a time keep two cores busy, and take up to 6 GB.
        test: {
          ...common,
          name: "parts",
          include: ["*/src/**/*.test.ts", "docs/site/*.test.ts"],
          exclude: ALONE,
          isolate: false,
          maxWorkers: totalmem() >= 8 * 2 ** 30 ? 6 : 3,
        },
      },
      {
        // Whole-system stories start everything and mostly wait for it: two at a time. Among the parts their workers,
        // whose processes have a quarter of the usual weight, did not come up on a machine a third as fast.
        test: {
          ...common,
          ...story,
          name: "stories",
          include: ["tests/**/*.test.ts"],
          exclude: ALONE,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      { test: { ...common, ...story, name: "alone", include: ALONE, maxWorkers: 1, sequence: { groupOrder: 2 } } },
    ],
  },
});
