import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseCommandLine, readCommandLine, UsageError } from "@elastic-gas/shared/command-line";
import { faults } from "../faults/faults.ts";
import { adaptiveSteps } from "./adaptive-steps.ts";
import { archiveAndBack } from "./archive-and-back.ts";
import { constantLoad } from "./constant-load.ts";
import { elasticCpu } from "./elastic-cpu.ts";
import { firstHour } from "./first-hour.ts";
import { gradingFlow } from "./grading-flow.ts";
import { writeIndex } from "./index-page.ts";
import { jobsThrice } from "./jobs-thrice.ts";
import { launchesWhenBusy } from "./launches-when-busy.ts";
import { parts } from "./parts.ts";
import type { Proof } from "./proof.ts";
import { queuePool } from "./queue-pool.ts";
import { writeResult } from "./results.ts";
import { rollingUpdate } from "./rolling-update.ts";
import { uploads } from "./uploads.ts";
import { readDuration, timeSpan } from "./words.ts";
import { workersLost } from "./workers-lost.ts";

const PROOFS: readonly Proof[] = [
  firstHour,
  gradingFlow,
  elasticCpu,
  ...constantLoad,
  adaptiveSteps,
  uploads,
  launchesWhenBusy,
  workersLost,
  queuePool,
  jobsThrice,
  archiveAndBack,
  rollingUpdate,
  faults,
  parts,
];

const USAGE = `npm run prove -- [name ...] [options]
Runs proofs on whole systems, one after the other; all of them without a name. Exit code 1 when one did not hold.

${PROOFS.map(({ name, title }) => `  ${name.padEnd(22)} ${title}`).join("\n")}

  --quick        smaller and shorter: shows that it runs
  --out FOLDER   where the results go, docs/results without it
  --only TEXT    faults and parts: only those whose name holds this text
  --long         faults: the services of AWS all at once, for 20 minutes in each way
  --for 10m      faults: begins none after this time
  --soak 8h      faults: a random one every 2 to 5 minutes, for this time
  --seed NUMBER  faults: the same random faults again`;

const root = join(import.meta.dirname, "../../..");
const { values, names, seed, limitMs, soakMs } = readCommandLine(USAGE, (args) => {
  const { values, positionals } = parseCommandLine({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: process.env.PROVE_QUICK === "1" },
      out: { type: "string" },
      only: { type: "string", default: "" },
      long: { type: "boolean", default: false },
      for: { type: "string" },
      soak: { type: "string" },
      seed: { type: "string" },
    },
  });
  const unknown = positionals.filter((name) => !PROOFS.some((proof) => proof.name === name));
  if (unknown.length > 0) throw new UsageError(`Unknown proof: ${unknown.join(", ")}.`);
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
  if (!Number.isInteger(seed)) throw new UsageError(`--seed ${values.seed} is not a whole number.`);
  return {
    values,
    names: positionals,
    seed,
    limitMs: values.for === undefined ? null : readDuration(values.for),
    soakMs: values.soak === undefined ? null : readDuration(values.soak),
  };
});
const { quick, only, long } = values;
const folder = resolve(root, values.out ?? (quick ? ".data/results-quick" : "docs/results"));
await mkdir(folder, { recursive: true });

let held = true;
for (const proof of names.length === 0 ? PROOFS : PROOFS.filter(({ name }) => names.includes(name))) {
  held = (await runProof(proof)) && held;
  await writeIndex(folder, PROOFS);
}
process.exit(held ? 0 : 1);

async function runProof(proof: Proof): Promise<boolean> {
  const startedAt = Date.now();
  const say = (line: string) => console.log(`${timeSpan(Date.now() - startedAt).padStart(9)}  ${line}`);
  console.log(`\n${proof.name}: ${proof.title}`);
  try {
    const findings = await proof.run({ quick, only, folder, say, long, limitMs, soakMs, seed });
    const { page, command } = proof === faults ? formOfFaults() : { page: proof, command: proof.name };
    const result = await writeResult(page, findings, { root, folder, quick, startedAt, command });
    for (const { ok, what, measured } of result.checks) console.log(`  ${ok ? "✓" : "✗"} ${what}: ${measured}`);
    console.log(`${result.passed ? "passed" : "FAILED"}: ${join(folder, `${page.name}.md`)}`);
    return result.passed;
  } catch (error) {
    console.error(`FAILED: ${proof.name} could not be finished; its result file is unchanged.`, error);
    return false;
  }
}

/** A soak and the long outages have pages of their own: they do not replace that of the plan. */
function formOfFaults(): { readonly page: Proof; readonly command: string } {
  const { name, title } = faults;
  const options = [
    ...(long ? ["--long"] : []),
    ...(only === "" ? [] : [`--only "${only}"`]),
    ...(values.for === undefined ? [] : [`--for ${values.for}`]),
    ...(soakMs === null ? [] : [`--soak ${values.soak} --seed ${seed}`]),
  ];
  const command = [name, ...options].join(" ");
  if (soakMs !== null)
    return { command, page: { ...faults, name: `${name}-soak`, title: `${title}, for ${timeSpan(soakMs)}` } };
  if (long) return { command, page: { ...faults, name: `${name}-long`, title: `${title} of 20\u00a0minutes` } };
  return { command, page: faults };
}
