import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Addresses, addressLines, readAddresses } from "./addresses.ts";
import { type PartStatus, readStatuses, STATUS_FILE, statusText } from "./part-status.ts";
import { isAlive, processFile } from "./processes.ts";

const ASK_TIMEOUT_MS = 10_000;

/**
 * Everything about the run of this data folder, as lines for a terminal: parts, addresses, whether photos work,
 * workers, pools, alerts.
 */
export async function showStatus(dataDir: string): Promise<string> {
  const addresses = readAddresses(dataDir);
  const parts = partLines(dataDir);
  if (addresses === undefined) return [...parts, ""].join("\n");
  const [photos, fleet] = await Promise.all([describePhotos(addresses), askManager(addresses, dataDir)]);
  return [...parts, "", ...addressLines(addresses), "", photos, "", fleet].join("\n");
}

function partLines(dataDir: string): readonly string[] {
  const folder = join(dataDir, "run");
  const statuses = readStatuses(join(folder, STATUS_FILE));
  return Object.entries(processFile(join(folder, "parts.json")).read()).map(([name, record]) =>
    partLine(name, { pid: record.pid, alive: isAlive(record), status: statuses[name] }),
  );
}

function partLine(
  name: string,
  { pid, alive, status }: { readonly pid: number; readonly alive: boolean; readonly status: PartStatus | undefined },
): string {
  return `${alive ? "ok" : "!!"} ${name.padEnd(12)} pid ${pid}${status === undefined ? "" : `, ${statusText(status)}`}`;
}

/** Whether a worker behind the balancer is ready to look at photos. */
async function describePhotos({ userApp }: Addresses): Promise<string> {
  const answer = await ask(`${userApp}/readyz`, "");
  if (answer === undefined) return "Photos: the load balancer does not answer.";
  if (answer.status === 200) return "Photos: working; a worker behind the load balancer has loaded the mask model.";
  if (answer.status === 503 && !answer.text.includes("model"))
    return "Photos: not yet, no web worker is in service (the load balancer answers 503).";
  return `Photos: not working, a worker answers ${answer.status}: ${answer.text.slice(0, 300)}`;
}

async function askManager({ manager }: Addresses, dataDir: string): Promise<string> {
  const key = readKey(dataDir);
  const answer = await ask(`${manager}/local/status`, key);
  if (answer === undefined) return "Workers and alerts: the manager does not answer.";
  if (answer.status === 200) return answer.text;
  return `Workers and alerts: the manager answers ${answer.status}; its log is in ${join(dataDir, "logs")}.`;
}

function readKey(dataDir: string): string {
  try {
    return readFileSync(join(dataDir, "run", "manager-key"), "utf8");
  } catch {
    return ""; // the manager was never up, or another user runs it
  }
}

async function ask(url: string, key: string): Promise<{ readonly status: number; readonly text: string } | undefined> {
  try {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(ASK_TIMEOUT_MS), redirect: "manual" });
    return { status: response.status, text: await response.text() };
  } catch {
    return undefined;
  }
}
