import { availableParallelism, totalmem } from "node:os";
import { defineConfig } from "vitest/config";

const common = {
  globals: false,
  testTimeout: 180_000, // a passing test never takes this long, however busy the machine
  hookTimeout: 240_000,
  env: { NODE_NO_WARNINGS: "1" },
} as const;

const story = { testTimeout: 300_000, hookTimeout: 300_000 } as const;

// Much of a test's time is waiting: more of them than cores run at once, as far as the memory goes and one database
// serves them.
function atOnce(each: { readonly perCore: number; readonly gigabytes: number }): number {
  const memory = Math.floor(totalmem() / 1e9 / each.gigabytes);
  return Math.max(1, Math.min(Math.ceil(each.perCore * availableParallelism()), memory, 8));
}

const LOAD_STORY = "tests/load-grows-and-shrinks-the-web-pool.test.ts";

export default defineConfig({
  test: {
    globalSetup: ["./testing/src/system/mariadb.ts", "./testing/src/system/pages.ts"],
    pool: "forks",
    projects: [
      {
        // One process runs many files: loading the AWS clients again for each took a third of all the CPU.
        test: {
          ...common,
          name: "parts",
          include: ["*/src/**/*.test.ts", "docs/site/*.test.ts"],
          isolate: false,
          maxWorkers: atOnce({ perCore: 3, gigabytes: 0.9 }),
        },
      },
      {
        // Whole-system stories start everything and mostly wait for it.
        test: {
          ...common,
          ...story,
          name: "stories",
          include: ["tests/**/*.test.ts"],
          exclude: [LOAD_STORY],
          maxWorkers: atOnce({ perCore: 1.5, gigabytes: 2 }),
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Saturates a worker: alone, or nobody's times mean anything.
        test: { ...common, ...story, name: "load", include: [LOAD_STORY], sequence: { groupOrder: 2 } },
      },
    ],
  },
});
