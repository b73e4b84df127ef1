import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";

const CLOCK = join(import.meta.dirname, "adjustable-clock-main.ts");
const PRINT = `
  const at = new Date();
  console.log(JSON.stringify([Date.now(), at.getTime(), at instanceof Date, new Date(5).getTime(), Date.parse(Date())]));
`;

it("sets the clock of one part and of no other, and leaves other instants alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "clock-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "clock.json");
  await writeFile(file, JSON.stringify({ autoscaler: 3_600_000 }));
  const print = async (part: string): Promise<unknown[]> => {
    await mkdir(join(folder, part, "src"), { recursive: true });
    const main = join(folder, part, "src", "main.ts");
    await writeFile(main, PRINT);
    const env = {
      ...process.env,
      ADJUSTABLE_CLOCK: file,
      NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${CLOCK}`,
    };
    const { stdout } = await promisify(execFile)(process.execPath, [main], { env });
    return JSON.parse(stdout);
  };
  const before = Date.now();
  for (const [part, offset] of [
    ["autoscaler", 3_600_000],
    ["manager", 0],
  ] as const) {
    const [now, made, isDate, given, said] = await print(part);
    const after = Date.now();
    for (const at of [now, made]) {
      expect(at).toBeGreaterThanOrEqual(before + offset);
      expect(at).toBeLessThanOrEqual(after + offset);
    }
    expect(said).toBeGreaterThanOrEqual(before + offset - 1_000); // whole seconds
    expect([isDate, given]).toEqual([true, 5]);
  }
});
