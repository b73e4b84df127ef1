import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Module, readModules } from "@elastic-gas/testing/boundaries/read-imports";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { packRelease } from "./release.ts";
import { listReleaseFiles, RELEASE_KINDS, type ReleaseKind } from "./release-content.ts";
import { importedPackages, listPackageFiles } from "./release-packages.ts";

const ROOT = join(import.meta.dirname, "../..");
/** What instances start: by the roles of start.sh, and by the processes that these start. */
const ENTRIES: Readonly<Record<ReleaseKind, readonly string[]>> = {
  worker: ["user-app/src/main.ts", "annotator/src/main.ts", "annotator/src/lifecycle/main.ts"],
  manager: [
    ...["main", "supervisor-main", "control", "admin-password"].map((name) => `start/src/${name}.ts`),
    "manager/src/main.ts",
    "autoscaler/src/main.ts",
  ],
};
/** Of these a type alone is used, or they are loaded where AWS is an emulator alone. */
const NOT_LOADED: readonly string[] = [
  "local-cloud/src/wire/auth/authenticate.ts",
  "start/src/emulator/emulator.ts",
  "start/src/emulator/workers.ts",
];

describe("the releases", () => {
  it.each(RELEASE_KINDS)("hold every file that the programs of the %s need", async (kind) => {
    const files = await listReleaseFiles(ROOT, kind);
    const needed = new Set<string>();
    const visit = (path: string): void => {
      if (needed.has(path) || NOT_LOADED.includes(path)) return;
      needed.add(path);
      const [module] = readModules(ROOT, [path]) as [Module];
      module.imports.forEach(visit);
    };
    ENTRIES[kind].forEach(visit);
    expect([...needed].filter((path) => !files.includes(path))).toEqual([]);
  });
});

describe("the release that workers fetch", () => {
  let files: readonly string[];
  beforeAll(async () => {
    files = await listReleaseFiles(ROOT);
  });

  it("holds what its programs read", () => {
    const data = ["start.sh", "package-lock.json", "annotator/pack/pack.json", "user-app/mask-model/mask-model.onnx"];
    expect(files).toEqual(expect.arrayContaining(data));
  });

  it("has the packages that its programs import and those that they need, for this platform alone", () => {
    const packages = listPackageFiles(ROOT, files);
    const has = (start: string) => packages.some((path) => path.startsWith(`node_modules/${start}`));
    for (const name of ["node/bin/node", ".bin/node", "express/", "bcrypt/", "mysql2/", "@zxcvbn-ts/language-common/"])
      expect(has(name), name).toBe(true);
    for (const name of ["vite/", "vitest/", "typescript/", "@elastic-gas/manager", "bootstrap/", "socket.io/"])
      expect(has(name), name).toBe(false);
    expect(
      packages.filter((path) => path.includes("onnxruntime-node/bin/")).map((path) => path.split("/").at(-1)),
    ).toEqual(["libonnxruntime.so.1", "onnxruntime_binding.node"]);
    expect(packages.filter((path) => /\.d\.ts$|\.map$|\.md$/.test(path))).toEqual([]);
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

  it("takes packages from imports of values, wherever a line breaks, and not from those of types", () => {
    const source = `import type { A } from "types-only";
import b, {
  c,
} from "@scope/broken/over/lines";
import "for-its-effect";
export { d } from "exported";
const e = await import("late/part"); const f = require("required");
import { g } from "./own.ts"; import { h } from "node:fs";
`;
    expect(importedPackages(source)).toEqual(["@scope/broken", "for-its-effect", "exported", "late", "required"]);
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
