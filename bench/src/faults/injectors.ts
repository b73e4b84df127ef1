import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { PoolName, QueueKey } from "@elastic-gas/shared/resources";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { pause } from "@elastic-gas/shared/shutdown";
import { findMariadb } from "@elastic-gas/start/mariadb";
import { isAlive, type ProcessRecord, processFile } from "@elastic-gas/start/processes";
import type { StallableProxy } from "@elastic-gas/testing/stallable-proxy";
import { clientOf } from "@elastic-gas/testing/system/clients";
import { sql } from "kysely";
import { isSettled, type ProofSystem } from "../prove/proof-system.ts";
import type { Clients } from "./clients.ts";
import type { History } from "./history.ts";
import type { Misbehaviour, Step } from "./plan.ts";

export interface Rig {
  readonly proof: ProofSystem;
  /** Stands before Stripe. */
  readonly stripe: StallableProxy;
  readonly clients: Clients;
  readonly history: History;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

const run = promisify(execFile);
const SETTLE_SECONDS = 180;
const SLOW_SECONDS = 2;
const MOST_DUPLICATES = 1_000;
/** A part that hangs is found after 30 s of silence, whose questions take up to twice that. */
const HANG_NOTICED_SECONDS = 120;

/** Does what a step says and resolves when it is over. Throws with the reason when it cannot be done here. */
export async function inject(rig: Rig, step: Step): Promise<void> {
  const { proof, stripe, clients, signal } = rig;
  const lasting = (seconds: number) => pause(seconds * 1_000, signal);
  switch (step.kind) {
    case "cloud":
      await setFault(proof, {
        ...misbehaviour(step.how, step.seconds),
        service: step.service,
        durationSeconds: step.seconds,
      });
      return lasting(step.seconds);
    case "kill worker":
      return setFault(proof, { kind: "kill-instance", instanceId: await someWorker(rig, step.pool) });
    case "hang worker":
      await setFault(proof, {
        kind: "hang-instance",
        instanceId: await someWorker(rig, step.pool),
        durationSeconds: step.seconds,
      });
      return lasting(step.seconds);
    case "never healthy":
      await setFault(proof, { kind: "never-healthy", launches: 1, durationSeconds: step.seconds });
      await setFault(proof, { kind: "kill-instance", instanceId: await someWorker(rig, step.pool) });
      return lasting(step.seconds);
    case "kill utility process":
      process.kill(utilityPid(proof.system.dataDir, step.process), "SIGKILL");
      return;
    case "kill part":
      process.kill(partOf(proof, step.part).pid, "SIGKILL");
      return;
    case "hang part":
      return hangPart(proof, partOf(proof, step.part));
    case "freeze database": {
      const database = partOf(proof, "mariadb");
      process.kill(database.pid, "SIGSTOP");
      await lasting(step.seconds);
      if (isAlive(database)) process.kill(database.pid, "SIGCONT");
      return;
    }
    case "read-only database":
      await askAsRoot(proof, "set global read_only = 1");
      await lasting(step.seconds);
      return askAsRoot(proof, "set global read_only = 0");
    case "lock tables":
      return proof.db.connection().execute(async (connection) => {
        await sql`lock tables users write, sessions write`.execute(connection);
        await lasting(step.seconds);
        await sql`unlock tables`.execute(connection);
      });
    case "stripe silent":
      stripe.stall();
      await lasting(step.seconds);
      stripe.resume();
      return;
    case "disk full":
      await setFault(proof, { kind: "disk-full", durationSeconds: step.seconds });
      return lasting(step.seconds);
    case "duplicates":
      return duplicateMessages(rig, step.times);
    case "bad inputs":
      return clients.submitBadFiles();
    case "resize":
      return resize(rig);
  }
}

/** Ends whatever a step may have left in force. */
export async function endFaults({ proof, stripe }: Pick<Rig, "proof" | "stripe">): Promise<void> {
  stripe.resume();
  await fetch(`${proof.system.cloudUrl}/_faults`, { method: "DELETE", signal: AbortSignal.timeout(10_000) });
}

function misbehaviour(how: Misbehaviour, seconds: number): object {
  switch (how) {
    case "slow":
      return { kind: "latency", seconds: SLOW_SECONDS };
    case "throttled":
      return { kind: "throttling" };
    case "500":
      return { kind: "internal-error" };
    case "silent":
      return { kind: "hang", seconds };
    case "answer lost":
      return { kind: "lost-response" };
  }
}

async function setFault({ system }: ProofSystem, fault: object): Promise<void> {
  const answer = await fetch(`${system.cloudUrl}/_faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fault),
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) throw new Error(`/_faults answered ${answer.status}: ${await answer.text()}`);
}

async function someWorker({ proof, random }: Rig, pool: PoolName): Promise<string> {
  const rows = await proof.wait(
    `a ${pool} worker in service`,
    async () => {
      const found = await proof.db
        .selectFrom("workers")
        .select("instanceId")
        .where("pool", "=", pool)
        .where("state", "=", "in service")
        .execute();
      return found.length > 0 && found;
    },
    SETTLE_SECONDS,
  );
  return rows[Math.floor(random() * rows.length)]?.instanceId ?? "";
}

function partOf({ system }: ProofSystem, part: string): ProcessRecord {
  const record = processFile(join(system.dataDir, "run", "parts.json")).read()[part];
  if (record === undefined || !isAlive(record)) throw new Error(`${part} does not run`);
  return record;
}

async function hangPart(proof: ProofSystem, part: ProcessRecord): Promise<void> {
  process.kill(part.pid, "SIGSTOP");
  try {
    await proof.wait("the supervisor to end what hangs", () => !isAlive(part), HANG_NOTICED_SECONDS);
  } catch (error) {
    process.kill(part.pid, "SIGCONT");
    throw error;
  }
}

/** By the socket, which lets root in; the product's own account may not change the server. */
async function askAsRoot({ system }: ProofSystem, statement: string): Promise<void> {
  const programs = await findMariadb(join(import.meta.dirname, "../../../.data/apt"));
  if (programs === undefined) throw new Error("mariadbd is not installed");
  const socket = join(system.dataDir, "mysql", "mysql.sock");
  const client = join(programs.root, "usr/bin/mariadb");
  await run(client, ["--no-defaults", `--socket=${socket}`, "--user=root", "--execute", statement], {
    timeout: 20_000,
  });
}

function utilityPid(dataDir: string, name: string): number {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
      return ""; // ended meanwhile
    }
  };
  const pid = readdirSync("/proc").find(
    (each) =>
      /^\d+$/.test(each) &&
      read(each, "cmdline").includes(`annotator/src/lifecycle/${name}/main.ts`) &&
      read(each, "environ").includes(`${dataDir}/instances/`),
  );
  if (pid === undefined) throw new Error(`No ${name} process runs`);
  return Number(pid);
}

/** The outbox keeps what it has sent: each of it is sent again, in another order. */
async function duplicateMessages({ proof, random }: Rig, times: number): Promise<void> {
  const rows = await proof.db
    .selectFrom("outbox")
    .select(["queue", "body"])
    .where("sentAt", "is not", null)
    .limit(MOST_DUPLICATES)
    .execute();
  const copies = Array.from({ length: times }, () => rows).flat();
  const shuffled = copies.map((row) => ({ row, place: random() })).sort((a, b) => a.place - b.place);
  const sqs = await clientOf(SQSClient, proof.system);
  const { queues } = resourcesOf({ PREFIX: proof.system.prefix });
  const urls = new Map<QueueKey, string | undefined>();
  try {
    for (const { row } of shuffled) {
      const known = urls.get(row.queue);
      const QueueUrl =
        known ?? (await sqs.send(new GetQueueUrlCommand({ QueueName: queues[row.queue].name }))).QueueUrl;
      urls.set(row.queue, QueueUrl);
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: row.body }));
    }
  } finally {
    sqs.destroy();
  }
}

/** Up and down again, with nothing else under way. */
async function resize({ proof, history }: Rig): Promise<void> {
  const settled = () =>
    proof.wait("the web pool to settle", async () => isSettled(await proof.manager.pool("web")), SETTLE_SECONDS);
  await settled();
  const from = Date.now();
  await proof.manager.press("web", "grow");
  await settled();
  await proof.manager.press("web", "shrink");
  await settled();
  history.resizes.push({ from, to: Date.now() });
}
