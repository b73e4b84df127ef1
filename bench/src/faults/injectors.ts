import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { PoolName } from "@elastic-gas/shared/resources";
import { pause } from "@elastic-gas/shared/shutdown";
import { findMariadb } from "@elastic-gas/start/mariadb";
import { isAlive, type ProcessRecord } from "@elastic-gas/start/processes";
import { sql } from "kysely";
import { endCloudFaults, setFault } from "../prove/cloud-faults.ts";
import { isSettled, type ProofSystem } from "../prove/proof-system.ts";
import { outsideQueues } from "../prove/queue-copies.ts";
import { runSecond, runSecondStart, runSecondUtilityWorker, setClock } from "./doubles.ts";
import { expectOf } from "./history.ts";
import { answers, killPart, partOf, SETTLE_SECONDS } from "./parts.ts";
import { type Misbehaviour, nameOf, type Step } from "./plan.ts";
import type { Rig } from "./rig.ts";

const run = promisify(execFile);
const SLOW_SECONDS = 2;
const MOST_DUPLICATES = 1_000;
/** A part that hangs is found after 30 s of silence, whose questions take up to twice that. */
const HANG_NOTICED_SECONDS = 120;

const yes = () => true;
const no = () => false;

/** Does what a step says and resolves when it is over. Throws with the reason when it cannot be done here. */
export async function inject(rig: Rig, step: Step): Promise<void> {
  const { proof, stripe, provider, clients, signal } = rig;
  const lasting = (seconds: number) => pause(seconds * 1_000, signal);
  switch (step.kind) {
    case "cloud":
      rig.asked.push({
        id: await setFault(proof.system, {
          ...misbehaviour(step.how, step.seconds),
          service: step.service,
          durationSeconds: step.seconds,
        }),
        name: nameOf(step),
        at: Date.now(),
      });
      return lasting(step.seconds);
    case "kill worker":
      await setFault(proof.system, { kind: "kill-instance", instanceId: await someWorker(rig, step.pool) });
      return;
    case "hang worker":
      await setFault(proof.system, {
        kind: "hang-instance",
        instanceId: await someWorker(rig, step.pool),
        durationSeconds: step.seconds,
      });
      return lasting(step.seconds);
    case "never healthy":
      await setFault(proof.system, { kind: "never-healthy", launches: 1, durationSeconds: step.seconds });
      await setFault(proof.system, { kind: "kill-instance", instanceId: await someWorker(rig, step.pool) });
      return lasting(step.seconds);
    case "kill part":
      return killPart(proof, step.part);
    case "hang part":
      return hangPart(proof, await partOf(proof, step.part));
    case "freeze database": {
      const database = await partOf(proof, "mariadb");
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
    case "identity provider silent":
      provider.stall();
      await lasting(step.seconds);
      provider.resume();
      return expectOf(rig.history, "who uses the identity provider gets in again", () => clients.signInByProvider());
    case "second part":
      return runSecond(rig, step);
    case "second start":
      return runSecondStart(rig);
    case "second utility worker":
      return runSecondUtilityWorker(rig, step.seconds);
    case "clock":
      return setClock(rig, step);
    case "disk full":
      await setFault(proof.system, { kind: "disk-full", durationSeconds: step.seconds });
      return lasting(step.seconds);
    case "duplicates":
      return duplicateMessages(rig, step.times);
    case "bad inputs":
      // A submission may be refused by what else is broken: then it was not acknowledged, and comes again.
      return proof
        .wait("bad files to be taken", () => clients.submitBadFiles().then(yes, no), SETTLE_SECONDS)
        .then(() => {});
    case "resize":
      return resize(rig);
  }
}

/** Ends whatever a step may have left in force. */
export async function endFaults({
  proof,
  stripe,
  provider,
}: Pick<Rig, "proof" | "stripe" | "provider">): Promise<void> {
  stripe.resume();
  provider.resume();
  await endCloudFaults(proof.system);
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
  using queues = await outsideQueues(proof.system);
  await queues.send(shuffled.map(({ row }) => row));
}

/** Up and down again, with nothing else under way. */
async function resize({ proof, history }: Rig): Promise<void> {
  const settled = () =>
    proof.wait("the web pool to settle", async () => isSettled(await proof.manager.pool("web")), SETTLE_SECONDS);
  await settled();
  // What went before may still have the balancer find its targets.
  await proof.wait("pages to be served", () => answers(`${proof.system.userAppUrl}/login`), SETTLE_SECONDS);
  const from = Date.now();
  await proof.manager.press("web", "grow");
  await settled();
  await proof.manager.press("web", "shrink");
  await settled();
  history.resizes.push({ from, to: Date.now() });
}
