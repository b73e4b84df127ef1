import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { traceLoad } from "@elastic-gas/scaling/simulator/loads";
import { NOISE_GROW_THRESHOLDS } from "@elastic-gas/scaling/simulator/noise";
import { POOL_DEFAULTS } from "@elastic-gas/scaling/simulator/pool-settings";
import { COMPARED_RULES } from "@elastic-gas/scaling/simulator/rules";
import { compareRules, type Summary } from "@elastic-gas/scaling/simulator/summary";
import { afterAll, describe, expect, it } from "vitest";

const COMMAND = join(import.meta.dirname, "simulate-command.ts");
const TRACES = join(import.meta.dirname, "../../../../shared/traces");
const folder = mkdtempSync(join(tmpdir(), "simulate-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function simulate(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [COMMAND, ...args], { timeout: 110_000 }, (_error, out, err) => {
      resolve({ code: child.exitCode ?? -1, out, err });
    });
  });
}

describe("the simulate command", { timeout: 600_000 }, () => {
  it("prints actions with their reasons, and the figures", async () => {
    const { code, out } = await simulate("--policy", "cpu", "--load", "step", "--noise", "0");
    expect(code).toBe(0);
    expect(out).toContain("93 min  1 → 2  web grew 1 → 2: mean CPU");
    for (const figure of ["theta_U", "theta_O", "tau_U", "tau_O", "instability", "overload min", "worker-min"]) {
      expect(out).toMatch(new RegExp(`^${figure} +[\\d.]+$`, "m"));
    }
  });

  it("writes JSON and a chart", async () => {
    const svg = join(folder, "run.svg");
    const { out } = await simulate("--policy", "adaptive", "--load", "sine", "--json", "--svg", svg);
    expect(JSON.parse(out)).toMatchObject({ settings: POOL_DEFAULTS, summary: { load: "sine", rule: "adaptive" } });
    const chart = readFileSync(svg, "utf8");
    expect(chart).toMatch(/^<svg .*\n/);
    expect(chart).toMatch(/adaptive, sine/);
    expect(chart).toMatch(/<\/svg>\n$/);
  });

  it("compares all rules over shapes and the traces of a folder in one table", async () => {
    const rows = Array.from({ length: 60 }, (_, minute) => `${minute},${minute < 30 ? 100 : 900}`);
    writeFileSync(join(folder, "jump.csv"), `minute,requests\n${rows.join("\n")}\n`);
    const { code, out } = await simulate("shapes", "--traces", folder, "--minutes", "60");
    expect(code).toBe(0);
    const lines = out.trim().split("\n");
    expect(lines).toHaveLength(1 + (7 + 1 + 2) * COMPARED_RULES.length);
    for (const { name } of COMPARED_RULES) expect(out).toMatch(new RegExp(`^jump +${name} `, "m"));
    expect(out).toMatch(/^all traces +adaptive /m);
  });

  it("runs the rule on requests, whose answers slow down with the load", async () => {
    const { out } = await simulate(
      ...["--policy", "requests", "--load", "spike", "--minutes", "180", "--requests-per-worker", "6000"],
      ...["--set", "growAboveRequestsPerMinute=5000", "--set", "shrinkBelowResponseMs=12"],
    );
    expect(out).toContain("successful requests a minute are more than 5,000");
    expect(out).toMatch(/shrank \d → \d: the mean response time of \d+(\.\d)? ms is below 12 ms/);
  });

  it("runs the rule on a queue, in which jobs wait", async () => {
    const { out } = await simulate(
      "--policy",
      "queue",
      "--load",
      "spike",
      "--jobs-per-worker",
      "1",
      "--minutes",
      "240",
    );
    expect(out).toMatch(/jobs a minute of 60 s each and \d+ waiting/);
    expect(out).toMatch(/shrank \d → \d/);
  });

  it("grows for fewer requests when the clients wait for their answers", async () => {
    const args = ["--load", "6", "--minutes", "60", "--max", "4", "--json"];
    const [open, closed] = await Promise.all([simulate(...args), simulate(...args, "--think", "1")]);
    const loads = [open, closed].map(({ out }) => JSON.parse(out).summary.load);
    expect(loads).toEqual(["constant 6", "constant 6, closed"]);
  });

  it("prints what noise does at constant loads, by threshold", async () => {
    const { out, code } = await simulate("noise", "--minutes", "60");
    expect(code).toBe(0);
    const lines = out.trim().split("\n");
    expect(lines[0]).toMatch(/^grow above +shrink below +grow ratio +worst a day +at load +mean a day$/);
    expect(lines).toHaveLength(1 + 2 * NOISE_GROW_THRESHOLDS.length);
    expect(out).toMatch(/^ +95 % +90 % +1\.2 /m);
  });

  it.each([
    [["--load", "wave"], 1, 'No load "wave". There are: step, ramp'],
    [["--policy", "magic"], 1, 'No policy "magic"'],
    [["--minutes", "0"], 2, "minutes"],
    [["--min", "5", "--max", "2"], 1, "--min 5 is above --max 2"],
    [["--trace", "/nowhere.csv"], 1, "/nowhere.csv"],
    [["contrast"], 2, "there are only compare, shapes, noise, late and stability"],
    [["--think", "soon"], 2, "think"],
  ] as const)("says what is wrong with %j", async (args, exitCode, message) => {
    const { code, err } = await simulate(...args);
    expect(code).toBe(exitCode);
    expect(err).toContain(message);
  });
});

describe.skipIf(!existsSync(TRACES))("on five days of three real sources (skipped without ../shared/traces)", () => {
  it("the CPU rule overloads and acts less than the others at hardly more cost, and its back-off halves that again", () => {
    const names = ["nab_elb_2014-04-21_2days", "wc98_1998-06-01_2days", "wc98_1998-06-30_match"];
    const loads = names.map((name) => traceLoad(name, readFileSync(join(TRACES, `${name}.csv`), "utf8"), 6.4));
    const judged = ["cpu-no-back-off", "cpu", "adaptive", "hpa-60", "aws-target-60"];
    const rules = COMPARED_RULES.filter(({ name }) => judged.includes(name));
    const { rows } = compareRules(rules, [{ name: "all", loads }], POOL_DEFAULTS);
    const total = (rule: string, load = "all"): Summary => {
      const row = rows.find((each) => each.load === load && each.rule === rule);
      if (row === undefined) throw new Error(`No row of ${rule}.`);
      return row;
    };
    const onTwoDays = (rule: string) => total(rule, names[0]).overloadMinutes;
    expect(onTwoDays("cpu")).toBeLessThan(onTwoDays("hpa-60") / 2);
    expect(onTwoDays("adaptive")).toBeLessThan(onTwoDays("hpa-60") / 2);
    expect(onTwoDays("cpu-no-back-off")).toBeLessThan(Math.min(onTwoDays("hpa-60"), onTwoDays("aws-target-60")));
    const [cpu, patient, adaptive] = [total("cpu-no-back-off"), total("cpu"), total("adaptive")];
    const [hpa, target] = [total("hpa-60"), total("aws-target-60")];
    for (const other of [hpa, target]) {
      expect(cpu.overloadMinutes).toBeLessThan(other.overloadMinutes);
      expect(cpu.workerMinutes).toBeLessThanOrEqual(1.1 * other.workerMinutes);
    }
    expect(cpu.actions).toBeLessThanOrEqual(0.6 * hpa.actions);
    expect(patient.overloadMinutes).toBeLessThanOrEqual(hpa.overloadMinutes / 2);
    expect(patient.actions).toBeLessThanOrEqual(hpa.actions / 4);
    expect(patient.workerMinutes).toBeLessThanOrEqual(1.2 * hpa.workerMinutes);
    expect(adaptive.overloadMinutes).toBeLessThanOrEqual(hpa.overloadMinutes / 2);
    expect(adaptive.workerMinutes).toBeLessThanOrEqual(hpa.workerMinutes);
    expect(adaptive.actions).toBeLessThanOrEqual(0.6 * hpa.actions);
  }, 240_000);
});
