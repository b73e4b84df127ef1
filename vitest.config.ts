import { defineConfig } from "vitest/config";

const common = {
  globals: false,
  testTimeout: 180_000, // a passing test never takes this long, however busy the machine
  hookTimeout: 240_000,
  env: { NODE_NO_WARNINGS: "1" },
} as const;

export default defineConfig({
  test: {
    globalSetup: ["./testing/src/system/mariadb.ts"],
    pool: "forks",
    // Much of a test's time is waiting: three at a time keep two cores busy.
    maxWorkers: 3,
    projects: [
      {
        // Each starts the whole system. By their name they come first, and the short files fill the gaps at the end.
        test: {
          ...common,
          name: "stories",
          include: ["tests/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        // One process runs many files: loading the AWS clients anew for each took a third of all the CPU.
        test: {
          ...common,
          name: "units",
          include: ["*/src/**/*.test.ts", "docs/site/*.test.ts"],
          isolate: false,
        },
      },
    ],
  },
});
