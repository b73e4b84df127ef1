import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

const CHECKER = join(import.meta.dirname, "main.ts");

/** Runs the checker on a tree of these files, as `npm run check` runs it on the project. */
function check(files: Readonly<Record<string, string>>): { readonly code: number | null; readonly said: string } {
  const root = mkdtempSync(join(tmpdir(), "gas-boundaries-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  execFileSync("git", ["init", "--quiet"], { cwd: root });
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), source);
  }
  const { status, stderr } = spawnSync(process.execPath, [CHECKER, root], { encoding: "utf8" });
  return { code: status, said: stderr };
}

const autoscalerLoop = { "autoscaler/src/loop.ts": "export type Loop = 1;\nexport const loop = 1;\n" };

describe("the boundary check", () => {
  it("lets an app use scaling and shared, and a test use everything", () => {
    const { code, said } = check({
      ...autoscalerLoop,
      "shared/src/config.ts": "export const config = 1;\n",
      "scaling/src/pools.ts": 'import { config } from "@elastic-gas/shared/config";\nexport const pools = config;\n',
      "manager/src/main.ts": 'export { pools } from "@elastic-gas/scaling/pools";\n',
      "testing/src/cloud.ts": "export const cloud = 1;\n",
      "manager/src/app.test.ts":
        'import "../../autoscaler/src/loop.ts";\nimport { cloud } from "@elastic-gas/testing/cloud";\ncloud;\n',
    });
    expect(said).toBe("");
    expect(code).toBe(0);
  });

  it.each([
    ["by name", 'import { loop } from "@elastic-gas/autoscaler/loop";\nloop;\n'],
    ["by path", 'import { loop } from "../../autoscaler/src/loop.ts";\nloop;\n'],
    ["of a type", 'import type { Loop } from "@elastic-gas/autoscaler/loop";\nexport type Mine = Loop;\n'],
    ["of a re-export", 'export * from "@elastic-gas/autoscaler/loop";\n'],
    ["at run time", 'await import("@elastic-gas/autoscaler/loop");\n'],
    ["of a script to start", 'export const SCRIPT = new URL("../../autoscaler/src/loop.ts", import.meta.url);\n'],
  ])("refuses an import of another app %s", (_, source) => {
    const { code, said } = check({ ...autoscalerLoop, "manager/src/main.ts": source });
    expect(said).toBe(
      "manager/src/main.ts imports autoscaler/src/loop.ts: manager may import only scaling, shared, loadgen.\n",
    );
    expect(code).toBe(1);
  });

  it("refuses it also from helpers of a build, and a test environment in the product", () => {
    const { code, said } = check({
      ...autoscalerLoop,
      "testing/src/cloud.ts": "export const cloud = 1;\n",
      "manager/src/build-main.ts": 'import "@elastic-gas/autoscaler/loop";\n',
      "scaling/src/main.ts": 'import "@elastic-gas/testing/cloud";\n',
    });
    expect(said.split("\n")).toEqual([
      "manager/src/build-main.ts imports autoscaler/src/loop.ts: manager may import only scaling, shared, loadgen.",
      "scaling/src/main.ts imports testing/src/cloud.ts: scaling may import only shared.",
      "",
    ]);
    expect(code).toBe(1);
  });

  it("refuses an import from a layer to one above it", () => {
    const { said } = check({
      "manager/src/main.ts": 'import "./pages/frame.ts";\nimport "./read/fleet.ts";\n',
      "manager/src/pages/frame.ts": "1;\n",
      "manager/src/read/fleet.ts": 'import "../pages/frame.ts";\n',
    });
    expect(said).toBe(
      "manager/src/read/fleet.ts imports manager/src/pages/frame.ts: the layers are model < read < features < pages, and a lower one uses no higher one.\n",
    );
  });

  it("refuses folders that need each other, and tells the way round", () => {
    const { code, said } = check({
      "manager/src/read/fleet.ts": 'import "../pages/frame.ts";\n',
      "manager/src/pages/frame.ts": 'import "../model/alert.ts";\n',
      "manager/src/model/alert.ts": 'import "../read/fleet.ts";\n',
      "manager/src/model/state.ts": 'import "./alert.ts";\n',
    });
    expect(said).toContain("manager/src: the folders model -> read -> pages -> model need each other:");
    expect(said).toContain("manager/src/read/fleet.ts imports manager/src/pages/frame.ts");
    expect(code).toBe(1);
  });

  it("refuses a file that nothing uses, but not what a command starts", () => {
    const { said } = check({
      "package.json": '{ "scripts": { "take": "node start/src/take.ts" } }',
      "start/package.json": '{ "scripts": { "count": "node src/count.ts" } }',
      "start/src/take.ts": "1;\n",
      "start/src/count.ts": "1;\n",
      "start/src/main.ts": "1;\n",
      "start/src/forgotten.ts": "1;\n",
    });
    expect(said).toBe("start/src/forgotten.ts is used by nothing.\n");
  });

  it("lets nothing but bench use bench", () => {
    const { said } = check({
      "bench/src/load.ts": "export const load = 1;\n",
      "testing/src/system.ts": 'import "@elastic-gas/bench/load";\n',
    });
    expect(said).toContain("testing/src/system.ts imports bench/src/load.ts");
  });
});
