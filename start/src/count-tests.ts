import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";

// Prints vitest's result, how many were skipped first, as the last line `N passed, N failed`, and exits with 1 on any
// failure, also of what ran before the tests. An interrupted run has left no report: then nothing passed.
const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numFailedTestSuites: z.number(),
});
const [path = "", failedBefore = "0"] = process.argv.slice(2);
const nothing = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numFailedTestSuites: 0 };
const report = existsSync(path) ? Report.parse(JSON.parse(readFileSync(path, "utf8"))) : nothing;
// A file that could not be loaded counts no test; checks before the tests count as one.
const other = failedBefore === "1" && report.numFailedTests === 0 ? 1 : 0;
const failed = report.numFailedTests + other;
if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`);
console.log(`${report.numPassedTests} passed, ${failed} failed`);
process.exit(failed > 0 || failedBefore === "1" ? 1 : 0);
