import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
/** The commands of README and docs that take options, with how each begins its usage. */
const COMMANDS = [
  ["bench/src/prove/main.ts", "npm run prove"],
  ["bench/src/figures/main.ts", "npm run bench"],
  ["bench/src/local-cloud/main.ts", "npm run -s local-cloud"],
  ["loadgen/src/main.ts", "npm run loadgen"],
  ["annotator/src/pack/make/main.ts", "npm run pack"],
  ["samples/build-premium.ts", "npm run samples:premium"],
  ["tests/pictures/take.ts", "npm run pictures"],
  ["user-app/mask-model/score-main.ts", "npm run masks:score"],
  ["autoscaler/src/commands/simulate-command.ts", "npm run -s simulate"],
  ["cli/src/main.ts", "elastic-gas annotate"],
  ["aws/deploy.sh", "npm run deploy"],
  ["start.sh", "./start.sh"],
] as const;

function run(entry: string, args: readonly string[]) {
  const [program, ...first] = entry.endsWith(".sh") ? ["bash"] : [process.execPath];
  // npm scripts give the shell command its first word.
  const words = entry.endsWith("deploy.sh") ? ["deploy", ...args] : args;
  return new Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>((resolve) => {
    const child = execFile(program ?? "", [...first, join(ROOT, entry), ...words], (_error, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    );
  });
}

describe.each(COMMANDS)("%s", (entry, usage) => {
  it("tells its usage when it is asked", async () => {
    const { code, out, err } = await run(entry, ["--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(usage);
  });

  it("refuses an option that it does not know in one sentence, before its usage", async () => {
    const { code, err } = await run(entry, ["--no-such-option"]);
    expect(code).toBe(2);
    expect(err).toMatch(/^[^\n]*--no-such-option[^\n]*\.\n\n/);
    expect(err).toContain(usage);
    expect(err).not.toMatch(/^ +at |positional argument/m);
  });
});

it("start.sh does nothing when its help is asked for, or when a word is too many", async () => {
  expect(await run("start.sh", ["stop", "--help"])).toMatchObject({ code: 0, out: expect.stringContaining("demo") });
  const { code, out, err } = await run("start.sh", ["stop", "now"]);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toMatch(/^stop takes no further word, and now was given\.\n\n/);
});
