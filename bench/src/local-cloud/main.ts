import { join } from "node:path";
import { parseCommandLine, readCommandLine, UsageError } from "@elastic-gas/shared/command-line";
import type { Plan } from "./compare.ts";
import { describeMachine } from "./machine.ts";
import { measureMemory } from "./memory.ts";
import { report, writeInto } from "./report.ts";
import { measureSpeed } from "./speed.ts";

const PAGE = join(import.meta.dirname, "..", "..", "..", "docs", "performance", "local-cloud.md");
const USAGE = `npm run -s local-cloud --workspace bench -- [options]
Compares a local-cloud process with plain Node servers and prints markdown.
  --rounds 7        measurements of each side
  --seconds 1.5     length of each
  --connections 32  requests at the same time
  --only <text>     only comparisons whose name holds this text
  --speed, --memory only one of the two parts
  --cpu-prof <dir>  let local-cloud write a CPU profile there (speed)
  --write           put the result into docs/performance/local-cloud.md`;

const { values, plan } = readCommandLine(USAGE, (args) => {
  const { values } = parseCommandLine({
    args: [...args],
    options: {
      rounds: { type: "string", default: "7" },
      seconds: { type: "string", default: "1.5" },
      connections: { type: "string", default: "32" },
      only: { type: "string", default: "" },
      speed: { type: "boolean", default: false },
      memory: { type: "boolean", default: false },
      "cpu-prof": { type: "string" },
      write: { type: "boolean", default: false },
    },
  });
  const number = (name: "rounds" | "seconds" | "connections") => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new UsageError(`--${name} ${values[name]} is not a number above 0.`);
    return value;
  };
  const plan: Plan = {
    rounds: number("rounds"),
    connections: number("connections"),
    milliseconds: number("seconds") * 1000,
  };
  return { values, plan };
});

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1)); // "exit" ends the children

await measure();

async function measure(): Promise<void> {
  const machine = await describeMachine(new Date());
  const speed = { plan, only: values.only, profileFolder: values["cpu-prof"] };
  const comparisons = values.memory ? [] : await measureSpeed(speed, async (rig) => rig.comparisons);
  const memory = values.speed ? [] : await measureMemory(new Date());
  const text = report(machine, { comparisons, plan, memory });
  console.log(text);
  if (values.write) await writeInto(PAGE, text);
}
