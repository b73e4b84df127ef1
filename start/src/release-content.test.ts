import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Module, readModules } from "@elastic-gas/testing/boundaries/read-imports";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { buildPrograms } from "./build-programs.ts";
import { type Program, programFolder, WORKER_PROGRAMS } from "./programs.ts";
import { packRelease } from "./release.ts";
import { listReleaseFiles, RELEASE_KINDS, type ReleaseKind } from "./release-content.ts";
import { importedPackages, listPackageFiles } from "./release-packages.ts";

const ROOT = join(import.meta.dirname, "../..");
/** What instances start: by the roles of start.sh, and by the processes that these start. */
const STARTED: Readonly<Record<ReleaseKind, readonly Program[]>> = {
  worker: WORKER_PROGRAMS,
  manager: ["supervisor", "manager", "autoscaler"],
};
/** The commands that run from their sources. */
const COMMANDS = [
  ...["main", "control", "admin-password", "release-main", "print-database-accounts"].map(
    (name) => `start/src/${name}.ts`,
  ),
  "manager/src/features/cli/main.ts",
];
/** Of these a type alone is used. */
const NOT_LOADED: readonly string[] = ["local-cloud/src/wire/auth/authenticate.ts"];

beforeAll(() => buildPrograms(ROOT));

describe("the releases", () => {
  it.each(RELEASE_KINDS)("hold every file of the programs of the %s, with its source map", async (kind) => {
    const files = await listReleaseFiles(ROOT, kind);
    for (const program of STARTED[kind]) {
      const folder = programFolder(program);
      expect(files.filter((path) => path.startsWith(`${folder}/`))).toEqual(
        readdirSync(join(ROOT, folder))
          .map((name) => `${folder}/${name}`)
          .sort(),
      );
      expect(files).toEqual(expect.arrayContaining([`${folder}/main.js`, `${folder}/main.js.map`]));
    }
  });

  it("hold every source that the commands on the manager's machine need", async () => {
    const files = await listReleaseFiles(ROOT, "manager");
    const needed = new Set<string>();
    const visit = (path: string): void => {
      if (needed.has(path) || NOT_LOADED.includes(path)) return;
      needed.add(path);
      const [module] = readModules(ROOT, [path]) as [Module];
      module.imports.forEach(visit);
    };
    COMMANDS.forEach(visit);
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

  it("has the packages that stay beside its programs and those that they need, for this platform alone", () => {
    const packages = listPackageFiles(ROOT, files);
    const has = (start: string) => packages.some((path) => path.startsWith(`node_modules/${start}`));
    for (const name of ["node/bin/node", ".bin/node", "bcrypt/", "sharp/", "@zxcvbn-ts/language-common/"])
      expect(has(name), name).toBe(true);
    for (const name of [
      "vite/",
      "rolldown/",
      "typescript/",
      "@elastic-gas/manager",
      "express/",
      "@aws-sdk/",
      "socket.io/",
    ])
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
      "dist",
      "package-lock.json",
      "samples",
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
