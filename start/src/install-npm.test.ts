import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { satisfies } from "semver";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";

const ROOT = join(import.meta.dirname, "../..");
const Lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      optional: z.boolean().optional(),
      os: z.array(z.string()).optional(),
      cpu: z.array(z.string()).optional(),
      engines: z.object({ node: z.string().optional() }).optional(),
    }),
  ),
});

/**
 * Runs `run_npm install it` of install.sh in a folder with spaces, on a machine whose npm runs on this Node, and gives
 * the npm commands that ran: of the machine's npm, and of the own one that it installs when asked.
 */
function runNpm(node: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "gas install "));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "bin"));
  const npm = `#!/bin/bash
if [ "$*" = "version --json" ]; then printf '{\\n  "npm": "9.2.0",\\n  "node": "${node}",\\n  "v8": "10.2"\\n}\\n'; exit; fi
echo "machine: $*" >>"$LOG"
if [ "$2" = --prefix ]; then
  mkdir -p "$3/node_modules/.bin"
  printf '#!/bin/bash\\necho "own: $*" >>"$LOG"\\n' >"$3/node_modules/.bin/npm"
  chmod +x "$3/node_modules/.bin/npm"
fi
`;
  writeFileSync(join(folder, "bin/npm"), npm, { mode: 0o755 });
  writeFileSync(join(folder, "package.json"), '{\n  "dependencies": {\n    "node": "24.9.0"\n  }\n}\n');
  const env = { PATH: `${join(folder, "bin")}:/usr/bin:/bin`, LOG: join(folder, "log") };
  const script = `set -euo pipefail; . "${ROOT}/start/install.sh"; run_npm install it; run_npm install it`;
  execFileSync("bash", ["-c", script], { cwd: folder, env, stdio: "ignore" });
  return readFileSync(env.LOG, "utf8").trim().replaceAll(folder, "FOLDER").split("\n");
}

it("looks for unpacked programs in the checkout, whatever the data folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "gas install "));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, ".data/apt/usr/sbin"), { recursive: true });
  writeFileSync(join(folder, ".data/apt/usr/sbin/some-daemon"), "", { mode: 0o755 });
  const script = `. "${ROOT}/start/install.sh"; ensure_programs some-daemon:no-such-package`;
  const env = { PATH: "/usr/bin:/bin", DATA_DIR: join(folder, "elsewhere") };
  execFileSync("bash", ["-c", script], { cwd: folder, env, stdio: "ignore" });
  expect(existsSync(env.DATA_DIR)).toBe(false);
});

/** Runs `ensure_node_modules` twice at once where nothing is installed; gives the npm commands and what was said. */
async function installTwice(status?: string) {
  const folder = mkdtempSync(join(tmpdir(), "gas install "));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "bin"));
  const npm = `#!/bin/bash
if [ "$*" = "version --json" ]; then printf '{\n  "node": "24.9.0",\n}\n'; exit; fi
echo begin >>"$LOG"
sleep 1
mkdir -p node_modules/.bin
for name in node elastic-gas; do printf '#!/bin/bash\n' >node_modules/.bin/$name; chmod +x node_modules/.bin/$name; done
echo end >>"$LOG"
`;
  writeFileSync(join(folder, "bin/npm"), npm, { mode: 0o755 });
  writeFileSync(join(folder, "package-lock.json"), "{}");
  if (status !== undefined) {
    mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
    writeFileSync(join(folder, "node_modules/.bin/node"), status, { mode: 0o755 });
  }
  const env = { PATH: `${join(folder, "bin")}:/usr/bin:/bin`, LOG: join(folder, "log") };
  const script = `set -euo pipefail; . "${ROOT}/start/install.sh"; ensure_node_modules`;
  const run = promisify(execFile);
  const runs = await Promise.allSettled([1, 2].map(() => run("bash", ["-c", script], { cwd: folder, env })));
  const said = runs.map((each) => (each.status === "fulfilled" ? each.value.stdout : String(each.reason.stderr)));
  return { npm: existsSync(env.LOG) ? readFileSync(env.LOG, "utf8").trim().split("\n") : [], said };
}

describe("npm packages are installed", () => {
  it("once, when two commands want them at once", async () => {
    const { npm, said } = await installTwice();
    expect(npm).toEqual(["begin", "end"]);
    expect(said.filter((text) => text.includes("being installed by another command"))).toHaveLength(1);
  });

  it("not under a system that runs with others", async () => {
    const running = await installTwice("#!/bin/bash\necho Running.\n");
    expect(running.npm).toEqual([]);
    expect(running.said).toEqual([expect.stringContaining("./start.sh stop first"), expect.stringContaining("stop")]);
    expect((await installTwice("#!/bin/bash\nexit 3\n")).npm).toEqual(["begin", "end"]);
  });

  it.each(["20.19.0", "20.19.2", "22.13.0", "24.9.0"])("by the machine's npm on Node %s", (node) => {
    expect(runNpm(node)).toEqual(["machine: install it", "machine: install it"]);
  });

  it.each(["18.20.4", "20.9.0", "21.7.3", "22.12.0"])("by an own npm, made once, where npm runs on Node %s", (node) => {
    expect(runNpm(node)).toEqual([
      expect.stringMatching(
        /^machine: install --prefix FOLDER\/\.data\/npm --no-save .* node@24\.9\.0 npm@\d+\.\d+\.\d+$/,
      ),
      "own: install it",
      "own: install it",
    ]);
  });

  it("with every optional package of this kind of machine on the oldest Node of the machine's npm", () => {
    const { packages } = Lockfile.parse(JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")));
    const fits = (list: readonly string[] | undefined, ...names: string[]) =>
      names.some((name) => list?.includes(name));
    const optional = Object.entries(packages).filter(
      ([, { optional, os, cpu }]) => optional && fits(os, "linux") && fits(cpu, "x64", "arm64"),
    );
    expect(optional.map(([name]) => name)).toContain("node_modules/@img/sharp-linux-x64");
    const refusing = optional.filter(
      ([, { engines }]) => !["20.19.0", "22.13.0"].every((node) => satisfies(node, engines?.node ?? "*")),
    );
    expect(refusing.map(([name]) => name)).toEqual([]);
  });
});
