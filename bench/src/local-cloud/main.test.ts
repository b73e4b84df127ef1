import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, "main.ts");

it("compares a local-cloud with an empty server", async () => {
  const options = ["--speed", "--rounds", "1", "--seconds", "0.3", "--connections", "4", "--only", "balancer-get"];
  const { stdout } = await run(process.execPath, ["--no-warnings", MAIN, ...options]);
  expect(stdout).toMatch(/^- .* \d+ cores .*Node v/m);
  expect(stdout).toMatch(
    /^\| Load balancer, GET \| the same request without the balancer( \| \d+\.\d\d){3}( \| \d+){4} \| \d+ % \/ \d+ % \|$/m,
  );
}, 120_000);
