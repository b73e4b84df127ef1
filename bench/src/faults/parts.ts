import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, type ProcessRecord, processFile } from "@elastic-gas/start/processes";
import { nodeArguments } from "@elastic-gas/start/programs";
import type { ProofSystem } from "../prove/proof-system.ts";
import type { Part } from "./plan.ts";

const ROOT = join(import.meta.dirname, "../../..");
export const SETTLE_SECONDS = 300;

/** A running part; it may just be started again. */
export async function partOf({ system, wait }: ProofSystem, part: Part): Promise<ProcessRecord> {
  const file = processFile(join(system.dataDir, "run", part === "supervisor" ? "start.json" : "parts.json"));
  const running = () => {
    const record = file.read()[part];
    return record !== undefined && isAlive(record) && record;
  };
  return wait(`${part} to run`, running, SETTLE_SECONDS);
}

/** Kills it, and waits until it is there again, and answers; with the supervisor its parts start again too. */
export async function killPart(proof: ProofSystem, part: Part): Promise<void> {
  const { system, wait } = proof;
  const before = await partOf(proof, part);
  process.kill(before.pid, "SIGKILL");
  await wait(`${part} to be started again`, async () => (await partOf(proof, part)).pid !== before.pid, SETTLE_SECONDS);
  if (part === "supervisor")
    await wait("the parts to be there", () => answers(`${system.managerUrl}/healthz`), SETTLE_SECONDS);
  if (part === "local-cloud" || part === "supervisor")
    await wait("local-cloud to answer", () => answers(`${system.cloudUrl}/_health`), SETTLE_SECONDS);
}

export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
  await response?.body?.cancel();
  return response?.status === 200;
}

export interface SecondPart extends AsyncDisposable {
  readonly pid: number;
  readonly isAlive: () => boolean;
}

/** Another process of a part, with the settings of the one that runs. */
export async function startSecond(
  proof: ProofSystem,
  part: "autoscaler" | "manager",
  changes: Readonly<Record<string, string>>,
): Promise<SecondPart> {
  const { HEALTH_PORT: _, ...environment } = environmentOf((await partOf(proof, part)).pid);
  const child = spawn(process.execPath, [...nodeArguments(part)], {
    cwd: ROOT,
    env: { ...environment, ...changes },
    stdio: "ignore",
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  if (child.pid === undefined) throw new Error(`A second ${part} could not be started`);
  return {
    pid: child.pid,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await gone;
    },
  };
}

/** Runs start.sh in the same folder, as somebody does who forgot that it runs; what it said and its exit code. */
export async function startAgain({
  system,
}: ProofSystem): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn("./start.sh", [], {
    cwd: ROOT,
    env: environmentOf(system.child.pid ?? 0),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 120_000,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (part: string) => {
      text += part;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, text };
}

function environmentOf(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
}
