import { defineConfig } from "vitest/config";

const common = {
  globals: false,
  testTimeout: 180_000, // a passing test never takes this long, however busy the machine
  hookTimeout: 240_000,
  env: { NODE_NO_WARNINGS: "1" },
} as const;

export default defineConfig({
  test: {
    globalSetup: ["./testing/src/system/mariadb.ts", "./testing/src/system/pages.ts"],
    pool: "forks",
    projects: [
      {
        // One process runs many files: loading the AWS clients again for each took a third of all the CPU. Much of a
        // test's time is waiting: three at a time keep two cores busy.
        test: {
          ...common,
          name: "parts",
          include: ["*/src/**/*.test.ts", "docs/site/*.test.ts"],
          isolate: false,
          maxWorkers: 3,
        },
      },
      {
        // Whole-system stories start everything; one at a time, or two cores are not enough.
        test: {
          ...common,
          name: "stories",
          include: ["tests/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
