import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

/** Builds user-app's pages in a project whose vite is this shell script. */
function build(vite: string) {
  const root = mkdtempSync(join(tmpdir(), "gas pages "));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ["user-app/src/browser", "user-app/src/masks/browser", "shared/src/ui", "node_modules/vite"])
    mkdirSync(join(root, folder), { recursive: true });
  mkdirSync(join(root, "node_modules/.bin"));
  for (const file of ["package-lock.json", "user-app/vite.config.ts"]) writeFileSync(join(root, file), "");
  writeFileSync(join(root, "node_modules/.bin/vite"), `#!/bin/sh\n${vite}\n`, { mode: 0o755 });
  const program = `import { buildPages } from ${JSON.stringify(join(import.meta.dirname, "build-pages.ts"))};
buildPages(${JSON.stringify(root)}, ["user-app"]);`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { ...run, isStamped: existsSync(join(root, "node_modules/.pages-built-user-app")) };
}

it("builds an app's pages in its folder and remembers it", () => {
  const { status, isStamped } = build('mkdir dist && [ "$1 $(basename "$PWD")" = "build user-app" ]');
  expect({ status, isStamped }).toEqual({ status: 0, isStamped: true });
});

it("ends with what the bundler said when it fails, and does not take the pages for built", () => {
  const { status, stderr, isStamped } = build('echo "Cannot find native binding" >&2; exit 1');
  expect({ status, isStamped }).toEqual({ status: 1, isStamped: false });
  expect(stderr).toContain("The pages of user-app could not be built:");
  expect(stderr).toContain("Cannot find native binding");
});
