import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const LOCKED = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 417 (apt-get)";

/**
 * Runs a line of install.sh as root on a machine whose apt-get answers, call by call, with the next of the given bash
 * lines, and gives what was printed and apt-get's commands.
 */
function run(line: string, answers: readonly string[]): { said: string; commands: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "gas install "));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "bin"));
  const log = join(folder, "log");
  writeFileSync(log, "");
  const cases = answers.map((answer, index) => `${index + 1}) ${answer} ;;`).join("\n");
  const apt = `#!/bin/bash
echo "$3" >>"$LOG"
case $(wc -l <"$LOG") in
${cases}
esac
`;
  writeFileSync(join(folder, "bin/apt-get"), apt, { mode: 0o755 });
  const script = `set -euo pipefail; . "${ROOT}/start/install.sh"; id() { echo 0; }; ${line}`;
  const said = execFileSync("bash", ["-c", script], {
    cwd: folder,
    env: { PATH: `${join(folder, "bin")}:/usr/bin:/bin`, LOG: log },
    stdio: ["ignore", "pipe", "ignore"],
  }).toString();
  return { said, commands: readFileSync(log, "utf8").trim().split("\n") };
}

const tryIt = "apt_install some-package && echo installed || echo failed";

describe("a Debian package is installed", () => {
  it("at once where the lists know it, with time to wait for dpkg's lock", () => {
    const { said, commands } = run(tryIt, ['echo "$1 $2"']);
    expect(said).toBe("-o DPkg::Lock::Timeout=600\ninstalled\n");
    expect(commands).toEqual(["install"]);
  });

  it("after new lists, waited for while another program fetches them", () => {
    const { said, commands } = run(tryIt, ["exit 100", `echo "${LOCKED}" >&2; exit 100`, "echo read", "exit 0"]);
    expect(said).toBe(`${LOCKED}\nread\ninstalled\n`);
    expect(commands).toEqual(["install", "update", "update", "install"]);
  });

  it("although one archive of several cannot be read", () => {
    const { commands } = run(tryIt, ["exit 100", 'echo "E: no Release file"; exit 100', "exit 0"]);
    expect(commands).toEqual(["install", "update", "install"]);
  });

  it("not, where no archive has it", () => {
    const { said } = run(tryIt, ["exit 100", "echo read", "exit 100"]);
    expect(said).toBe("read\nfailed\n");
  });

  it("not, where the lock is held for longer than the wait", () => {
    const { said, commands } = run(`APT_LOCK_SECONDS=0; ${tryIt}`, [
      "exit 100",
      `echo "${LOCKED}"; exit 100`,
      "exit 100",
    ]);
    expect(said).toBe(`${LOCKED}\nfailed\n`);
    expect(commands).toEqual(["install", "update", "install"]);
  });
});

describe("the progress of an installation", () => {
  const progress = (log: string) =>
    run(`apt_log=log.txt; printf '%s\\n' ${log} >log.txt; apt_progress`, []).said.trim();

  it("names the program that it waits for", () => {
    const waiting =
      "'Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 417 (apt-get)...'";
    expect(progress(`${waiting} ${waiting}`)).toBe(
      "waiting for another installation of packages, process 417 (apt-get)",
    );
    expect(progress(`'${LOCKED}' 'E: Unable to lock directory /var/lib/apt/lists/'`)).toBe(
      "waiting for another installation of packages, process 417 (apt-get)",
    );
    expect(progress(`${waiting} 'Need to get 53.1 kB of archives.' 'After this operation, 284 kB will be used.'`)).toBe(
      "Need to get 53.1 kB of archives. After this operation, 284 kB will be used.",
    );
  });
});
