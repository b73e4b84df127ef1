import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { buildPrograms } from "./build-programs.ts";
import { nodeArguments, PROGRAMS } from "./programs.ts";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** A project whose autoscaler is these files. */
function project(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), "gas programs "));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, "node_modules/rolldown"), { recursive: true });
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  write("package.json", '{ "type": "module" }');
  for (const [path, content] of Object.entries(files)) write(path, content);
  return {
    root,
    write,
    build: () => buildPrograms(root, ["autoscaler"]),
    run: () => run(process.execPath, nodeArguments("autoscaler"), { cwd: root }),
    builtAt: () => statSync(join(root, "dist/autoscaler/main.js")).mtimeMs,
  };
}

const MAIN = "autoscaler/src/main.ts";

it("builds a program that finds files, threads and packages as its sources do", async () => {
  const { build, root, run } = project({
    [MAIN]: `import { say } from "./deep/say.ts"; await say();`,
    "autoscaler/src/deep/say.ts": `
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
const require = createRequire(import.meta.url);
export async function say(): Promise<void> {
  const file: string = readFileSync(join(import.meta.dirname, "../../data.txt"), "utf8");
  const thread = new Worker(new URL("../threads/thread.ts", import.meta.url));
  const told = await new Promise((resolve) => thread.once("message", resolve));
  console.log(file, told, require("late").name);
}`,
    "autoscaler/src/threads/thread.ts": `
import { parentPort } from "node:worker_threads";
import { inside } from "inside";
parentPort?.postMessage(inside satisfies string);`,
    "autoscaler/data.txt": "from the file",
    "node_modules/inside/package.json": '{ "main": "index.js" }',
    "node_modules/inside/index.js": 'exports.inside = "from the thread";',
    "node_modules/late/index.js": 'exports.name = "from the package";',
  });
  await build();
  rmSync(join(root, "autoscaler/src"), { recursive: true });
  rmSync(join(root, "node_modules/inside"), { recursive: true });
  expect((await run()).stdout).toBe("from the file from the thread from the package\n");
});

it("names the source where an error was thrown, and its line", async () => {
  const { build, run } = project({
    [MAIN]: 'import { fail } from "./fail.ts";\n\nfail();\n',
    "autoscaler/src/fail.ts":
      '// A comment that the program leaves out.\n\nexport function fail(): never {\n  throw new Error("so");\n}\n',
  });
  await build();
  const { stderr } = await run().then(
    () => ({ stderr: "it ended well" }),
    (error: { stderr: string }) => error,
  );
  expect(stderr).toMatch(
    /Error: so\n {4}at fail \(\S.*\/autoscaler\/src\/fail\.ts:4:9\)\n.*\/autoscaler\/src\/main\.ts:3:1/,
  );
});

it("builds again when a source or the packages have changed, and not before", async () => {
  const { build, write, run, builtAt } = project({
    [MAIN]: 'import "./part.ts";',
    "autoscaler/src/part.ts": "console.log(1);",
  });
  await build();
  const first = builtAt();
  await build();
  expect(builtAt()).toBe(first);
  write("autoscaler/src/part.ts", "console.log(2);");
  await build();
  expect((await run()).stdout).toBe("2\n");
  const second = builtAt();
  write("package-lock.json", "{}");
  await build();
  expect(builtAt()).toBeGreaterThan(second);
});

it.each([
  ["a file by its URL", 'new URL("../data.txt", import.meta.url);'],
  ["its own file", "console.log(import.meta.filename);"],
  ["the path of a source", 'console.log(join(import.meta.dirname, "worker.ts"));'],
])("refuses a source that looks for %s, which its program would not find", async (_, code) => {
  const { build } = project({ [MAIN]: `import { join } from "node:path";\n${code}\nconsole.log(join("a"));` });
  await expect(build()).rejects.toThrow(`${MAIN} would not find in its program what it finds by import.meta.`);
});

it("refuses a package that looks for files of its own", async () => {
  const { build, root } = project({
    [MAIN]: 'import { data } from "with-files"; console.log(data);',
    "node_modules/with-files/index.js": 'exports.data = require("node:fs").readFileSync(__dirname + "/data");',
  });
  await expect(build()).rejects.toThrow("name its package in PACKAGES_BESIDE");
  expect(readdirSync(join(root, "dist")).filter((name) => name.startsWith("autoscaler"))).toEqual([]);
});

it("builds every program of the product", async () => {
  await buildPrograms(ROOT);
  const started = Object.keys(PROGRAMS).map(async (program) => {
    const args = nodeArguments(program as keyof typeof PROGRAMS); // the key that the type has
    const env = { PATH: process.env.PATH, CLOUD: "none", LOCAL_CLOUD_PORT: "none" };
    const { stderr = "" } = await run(process.execPath, [...args], { cwd: ROOT, env }).then(
      () => ({ stderr: "it ended well" }),
      (error: { stderr: string }) => error,
    );
    return [program, /settings are not usable/.test(stderr) ? "looked at its settings" : stderr];
  });
  // A process holds every map that it finds.
  expect(readdirSync(join(ROOT, "dist/user-app")).filter((name) => /^packages-.*\.map$/.test(name))).toEqual([]);
  for (const [program, said] of await Promise.all(started)) expect(said, program).toBe("looked at its settings");
});
