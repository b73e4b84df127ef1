import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Module, readModules } from "@elastic-gas/testing/boundaries/read-imports";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { packRelease } from "./release.ts";
import { listReleaseFiles } from "./release-content.ts";

const ROOT = join(import.meta.dirname, "../..");
/** What instances start, by the three roles of start.sh and by the processes that these start. */
const ENTRIES = [
  "user-app/src/main.ts",
  "annotator/src/main.ts",
  "start/src/utility.ts",
  ...["notify", "archive", "restore", "thaw"].map((name) => `annotator/src/lifecycle/${name}/main.ts`),
];

describe("the release that workers fetch", () => {
  let files: readonly string[];
  beforeAll(async () => {
    files = await listReleaseFiles(ROOT);
  });

  it("holds every file that a worker's programs need", () => {
    const needed = new Set<string>();
    const visit = (path: string): void => {
      if (needed.has(path)) return;
      needed.add(path);
      const [module] = readModules(ROOT, [path]) as [Module];
      module.imports.forEach(visit);
    };
    ENTRIES.forEach(visit);
    expect([...needed].filter((path) => !files.includes(path))).toEqual([]);
    const data = ["start.sh", "package-lock.json", "annotator/pack/pack.json", "user-app/mask-model/mask-model.onnx"];
    expect(files).toEqual(expect.arrayContaining(data));
  });

  it("holds no test, benchmark, browser source or part of the manager's machine", () => {
    expect(files.filter((path) => /\.test\.ts$|\/browser\//.test(path))).toEqual([]);
    const folders = new Set(files.filter((path) => !path.endsWith("package.json")).map((path) => path.split("/")[0]));
    expect([...folders].sort()).toEqual([
      ".npmrc",
      "annotator",
      "package-lock.json",
      "samples",
      "shared",
      "start",
      "start.sh",
      "user-app",
    ]);
  });

  it("is packed with these files alone, and to the same bytes each time", async () => {
    const [first, second] = [await packRelease(ROOT), await packRelease(ROOT)];
    expect(first.key).toBe(second.key);
    const folder = await mkdtemp(join(tmpdir(), "gas-release-test-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "release.tar.gz"), first.bytes);
    const { stdout } = await promisify(execFile)("tar", ["-tzf", "release.tar.gz"], { cwd: folder, maxBuffer: 1e7 });
    expect(stdout.trim().split("\n").sort()).toEqual([...files].sort());
  });
});
