import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SAMPLES } from "@elastic-gas/testing/system/system";
import { z } from "zod";
import type { Findings, Proof, ProofContext } from "./proof.ts";
import { isSettled, type ProofSystem, startProofSystem } from "./proof-system.ts";
import { countRecords, download, makeUser, resultLink, sampleVcf, submitVcf } from "./vcf-user.ts";
import { table, timeSpan } from "./words.ts";

const ROOT = join(import.meta.dirname, "../../..");
const ACCOUNT = { username: "first", password: "first hour" };
const Upload = z.object({ payload: z.object({ num_faces: z.number(), num_masked: z.number() }) });
/** Photos a second: several times what one worker takes. */
const RATE = 4;
/** The sending ends by itself then, should the pool not have grown. */
const LONGEST_LOAD_SECONDS = 900;

interface Step {
  readonly what: string;
  readonly ms: number;
  readonly measured: string;
  readonly ok: boolean;
}

export const firstHour: Proof = {
  name: "first-hour",
  title: "What somebody does first works from the start command on, with nothing but the project's own files",
  statement:
    "After ./start.sh: register by the course's API, upload every sample picture and get the right counts, annotate a sample file and download the result, make the web pool grow with npm run loadgen and see it shrink to its minimum again.",
  async run(context) {
    const began = Date.now();
    await using proof = await startProofSystem(context);
    const steps: Step[] = [
      { what: "./start.sh, until user-app answers", ms: Date.now() - began, measured: "every part is up", ok: true },
    ];
    const step = async (what: string, work: () => Promise<Pick<Step, "measured" | "ok">>): Promise<void> => {
      context.say(what);
      const from = Date.now();
      const done = await work();
      steps.push({ what, ms: Date.now() - from, ...done });
    };
    await step("register by the API", () => register(proof));
    await step("upload the sample pictures", () => uploadPictures(proof));
    await step("annotate a sample and download the result", () => annotate(proof));
    await growAndShrink(proof, context, step);
    return findingsOf(steps, proof);
  },
};

async function register({ system }: ProofSystem) {
  const response = await fetch(`${system.userAppUrl}/api/register`, {
    method: "POST",
    body: new URLSearchParams(ACCOUNT),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  return { measured: `${response.status} ${text}`, ok: text === '{"success":true}' };
}

async function uploadPictures({ system }: ProofSystem) {
  const truth = readFileSync(join(SAMPLES, "pictures/truth.csv"), "utf8").trim().split("\n").slice(1);
  const wrong: string[] = [];
  for (const line of truth) {
    const [file = "", faces, masked] = line.split(",");
    const form = new FormData();
    form.set("file", new Blob([readFileSync(join(SAMPLES, "pictures", file))]), file);
    form.set("username", ACCOUNT.username);
    form.set("password", ACCOUNT.password);
    const response = await fetch(`${system.userAppUrl}/api/upload`, {
      method: "POST",
      body: form,
      signal: AbortSignal.timeout(60_000),
    });
    const { payload } = Upload.parse(await response.json());
    if (payload.num_faces !== Number(faces) || payload.num_masked !== Number(masked))
      wrong.push(`${file}: ${payload.num_faces} faces, ${payload.num_masked} masked`);
  }
  const right = truth.length - wrong.length;
  return { measured: [`${right} of ${truth.length} counted exactly`, ...wrong].join("; "), ok: wrong.length === 0 };
}

async function annotate(proof: ProofSystem) {
  const user = await makeUser(proof, { username: "reader", role: "free_user" });
  const vcf = sampleVcf("grch38.vcf");
  const jobId = await submitVcf(user, "grch38.vcf", vcf);
  const link = await proof.wait("the result", () => resultLink(user, jobId), 300);
  const { text } = await download(link);
  const records = countRecords(text);
  const genes = text.split("\n").filter((line) => line.includes("GAS_GENE=")).length;
  return {
    measured: `${records} of ${countRecords(vcf)} records came back, ${genes} lines with genes`,
    ok: records === countRecords(vcf) && genes > 1,
  };
}

async function growAndShrink(
  { system, manager, wait }: ProofSystem,
  { say }: ProofContext,
  step: (what: string, work: () => Promise<Pick<Step, "measured" | "ok">>) => Promise<void>,
): Promise<void> {
  const web = () => manager.pool("web");
  const load = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      "loadgen/src/main.ts",
      `${system.userAppUrl}/api/upload`,
      "load",
      "loadpass",
      ...[RATE, RATE * LONGEST_LOAD_SECONDS].map(String),
    ],
    { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] },
  );
  let said = "";
  load.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  try {
    await step("npm run loadgen, until the pool has grown", async () => {
      const pool = await wait(
        "a second worker in service",
        async () => {
          const now = await web();
          return now.counts.inService >= 2 && now;
        },
        LONGEST_LOAD_SECONDS,
      );
      return { measured: `${pool.counts.inService} in service, ${pool.desired} desired`, ok: true };
    });
  } finally {
    load.kill("SIGINT"); // it waits for open uploads and sums up
    if (load.exitCode === null) await once(load, "close");
  }
  const summary = said.split("\n").find((line) => / uploads sent in /.test(line)) ?? "";
  say(summary);
  await step("no more load, until the pool is at its minimum", async () => {
    const pool = await wait(
      "the minimum",
      async () => {
        const now = await web();
        return now.desired === now.min && isSettled(now) && now;
      },
      1_800,
    );
    return { measured: `${pool.counts.inService} in service; the load: ${summary}`, ok: / 0 failed/.test(summary) };
  });
}

function findingsOf(steps: readonly Step[], proof: ProofSystem): Findings {
  const whole = steps.reduce((sum, { ms }) => sum + ms, 0);
  const rows = steps.map(({ what, ms, measured }) => [what, timeSpan(ms), measured]);
  return {
    checks: steps.map(({ what, measured, ok }) => ({ what, measured, ok })),
    figures: [
      { label: "start to a page of user-app", value: timeSpan(steps[0]?.ms ?? 0) },
      { label: "all steps", value: timeSpan(whole) },
    ],
    settings: proof.settings,
    details: `## Times\n\n${table(["step", "time", "measured"], rows)}\n\nThe installation of packages before the first start is not part of it: 1 to 3 minutes, by the network.\n`,
    data: { steps },
  };
}
