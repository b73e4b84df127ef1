import "../../../../vitest.config.ts"; // makes the folder of the run
import { defineConfig } from "vitest/config";

/** A run of its own of the two files here, for run-folder.test.ts. */
export default defineConfig({
  test: { root: import.meta.dirname, include: ["*.fixture.ts"], pool: "forks", testTimeout: 180_000 },
});
