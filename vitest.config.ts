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
    projects: [
      {
        // Each starts the whole system: more than two at a time, and two cores are not enough.
        test: {
          ...common,
          name: "stories",
          include: ["tests/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
        },
      },
      {
        // One process runs many files: loading the AWS clients anew for each took a third of all the CPU.
        test: {
          ...common,
          name: "parts",
          include: ["*/src/**/*.test.ts", "docs/site/*.test.ts"],
          isolate: false,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
