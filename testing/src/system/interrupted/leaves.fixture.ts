import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "vitest";

it("passes and leaves a process and a folder", () => {
  const cwd = mkdtempSync(join(tmpdir(), "left-"));
  spawn("sleep", ["1000"], { cwd, detached: true, stdio: "ignore" }).unref();
});
