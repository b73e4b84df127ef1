import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** A checkout without rights on the machine, with a program that was unpacked and tells its libraries. */
function checkout(): string {
  const folder = mkdtempSync(join(tmpdir(), "gas unpacked "));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, ".data/apt/usr/bin"), { recursive: true });
  const program = '#!/bin/sh\necho "$1 with $LD_LIBRARY_PATH"\n';
  writeFileSync(join(folder, ".data/apt/usr/bin/bcftools"), program, { mode: 0o755 });
  for (const library of ["usr/lib/x/libhts.so.3", "usr/lib/x/of one/libpart.so"]) {
    mkdirSync(join(folder, ".data/apt", dirname(library)), { recursive: true });
    writeFileSync(join(folder, ".data/apt", library), "");
  }
  return folder;
}

const run = (folder: string, script: string) =>
  execFileSync("bash", ["-c", `set -euo pipefail; . "${ROOT}/start/install.sh"; ${script}`], {
    cwd: folder,
    // Without the machine's own programs of these names.
    env: { PATH: "/bin/of/nobody:/usr/bin:/bin" },
    stdio: ["ignore", "pipe", "pipe"],
  }).toString();

it("finds an unpacked program on the PATH, with its libraries, in a folder with blanks", () => {
  const folder = checkout();
  const said = run(
    folder,
    'wrap_unpacked "$(realpath .data)/apt"; use_unpacked; hash -r; "$(realpath .data)/apt/bin/bcftools" query; echo "$PATH"',
  );
  const [answer, path] = said.trim().split("\n");
  const folders = ["usr/lib/x", "usr/lib/x/of one"].map((name) => join(folder, ".data/apt", name));
  expect(answer).toBe(`query with ${folders.join(":")}`);
  expect(path?.split(":").at(-1)).toBe(join(folder, ".data/apt/bin"));
});

it("gives an unpacked program the fonts that were unpacked, which the machine's settings would not name", () => {
  const folder = checkout();
  run(folder, 'wrap_unpacked "$(realpath .data)/apt"');
  const apt = join(folder, ".data/apt");
  expect(readFileSync(join(apt, "fonts.conf"), "utf8")).toContain(`<dir>${apt}/usr/share/fonts</dir>`);
  expect(readFileSync(join(apt, "bin/bcftools"), "utf8")).toMatch(/FONTCONFIG_FILE=\S.*apt\/fonts\.conf/);
});

it.each(["chromium", "chromium-headless-shell"])(
  "counts %s as missing when it was unpacked without the script that runs it",
  (program) => {
    const folder = checkout();
    const has = `has_program ${program} && echo there || echo missing`;
    mkdirSync(join(folder, ".data/apt/usr/lib/chromium"), { recursive: true });
    writeFileSync(join(folder, ".data/apt/usr/lib/chromium", program), "", { mode: 0o755 });
    const hidden = `command() { [ "$2" = ${program} ] && return 1; builtin command "$@"; }; ${has}`;
    expect(run(folder, hidden).trim()).toBe("missing");
    expect(run(folder, `wrap_unpacked "$(realpath .data)/apt"; ${hidden}`).trim()).toBe("there");
  },
);
