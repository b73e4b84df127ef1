import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Plan } from "./compare.ts";
import { describeMachine } from "./machine.ts";
import { measureMemory } from "./memory.ts";
import { report, writeInto } from "./report.ts";
import { measureSpeed } from "./speed.ts";

// Speed and memory of local-cloud: npm run -s local-cloud --workspace bench -- --help

const PAGE = join(import.meta.dirname, "..", "..", "..", "docs", "performance", "local-cloud.md");
const HELP = `Compares a local-cloud process with plain Node servers and prints markdown.
  --rounds 7        measurements of each side
  --seconds 1.5     length of each
  --connections 32  requests at the same time
  --only <text>     only comparisons whose name holds this text
  --speed, --memory only one of the two parts
  --cpu-prof <dir>  let local-cloud write a CPU profile there (speed)
  --write           put the result into docs/performance/local-cloud.md`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "1.5" },
    connections: { type: "string", default: "32" },
    only: { type: "string", default: "" },
    speed: { type: "boolean", default: false },
    memory: { type: "boolean", default: false },
    "cpu-prof": { type: "string" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const plan: Plan = {
  rounds: Number(values.rounds),
  connections: Number(values.connections),
  milliseconds: Number(values.seconds) * 1000,
};

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1)); // "exit" ends the children

if (values.help) console.log(HELP);
else await measure();

async function measure(): Promise<void> {
  const machine = await describeMachine(new Date());
  const speed = { plan, only: values.only, profileFolder: values["cpu-prof"] };
  const comparisons = values.memory ? [] : await measureSpeed(speed, async (rig) => rig.comparisons);
  const memory = values.speed ? [] : await measureMemory(new Date());
  const text = report(machine, { comparisons, plan, memory });
  console.log(text);
  if (values.write) await writeInto(PAGE, text);
}
