import { jobKey } from "@elastic-gas/shared/resources";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { endCloudFaults, setFault } from "./cloud-faults.ts";
import { killInstances } from "./instance-processes.ts";
import type { ProofSystem } from "./proof-system.ts";
import type { StoredFiles } from "./stored-files.ts";

const LOOK_EVERY_MS = 50;
const FIND_MS = 300_000;
/** Result and log. */
const OBJECTS_OF_A_JOB = 2;
const HOLD_SECONDS = 30;

export interface WorkerKill {
  readonly moment: string;
  /** Jobs that were COMPLETED then. */
  readonly completed: number;
  readonly workers: readonly string[];
  readonly processes: number;
  /** Jobs that these workers had begun and that are to be done again. */
  readonly inHand: readonly string[];
}

interface Running {
  readonly id: string;
  readonly owner: string;
}

/** kill -9 of every annotator worker that has a job in hand. */
export async function killBusyWorkers(proof: ProofSystem, moment: string): Promise<WorkerKill> {
  const running = await waitUntil(
    "a job in hand",
    async () => {
      const found = await listRunning(proof);
      return found.length > 0 && found;
    },
    { deadlineMs: FIND_MS, pollMs: LOOK_EVERY_MS },
  );
  return killWorkers(
    proof,
    moment,
    running.map(({ owner }) => owner),
  );
}

/**
 * kill -9 of a worker that has stored result and log and not yet written that the job is completed. The user's row is
 * held meanwhile, which that write waits for.
 */
export async function killAfterUpload(
  proof: ProofSystem,
  { userId, files }: { readonly userId: number; readonly files: StoredFiles },
): Promise<WorkerKill> {
  return holdUser(proof, userId, async () => {
    const { owner } = await findUploaded(proof, { userId, files });
    return killWorkers(proof, "after the upload, before the change of status", [owner]);
  });
}

/**
 * kill -9 of a worker that has written that the job is completed and not yet deleted its message: SQS takes its time
 * for that meanwhile.
 */
export async function killAfterStatus(
  proof: ProofSystem,
  { userId, files }: { readonly userId: number; readonly files: StoredFiles },
): Promise<WorkerKill & { readonly completedJob: string }> {
  const hold = { kind: "latency", seconds: HOLD_SECONDS, service: "sqs", operation: "DeleteMessage" };
  const { id, owner } = await holdUser(proof, userId, async () => {
    const uploaded = await findUploaded(proof, { userId, files });
    await setFault(proof.system, { ...hold, durationSeconds: HOLD_SECONDS });
    return uploaded;
  });
  try {
    await waitUntil(
      "the job to be completed",
      async () => {
        const { status } = await proof.db
          .selectFrom("jobs")
          .select("status")
          .where("id", "=", id)
          .executeTakeFirstOrThrow();
        return status === "COMPLETED";
      },
      { deadlineMs: HOLD_SECONDS * 1_000, pollMs: LOOK_EVERY_MS },
    );
    const kill = await killWorkers(proof, "after the change of status, before the message is deleted", [owner]);
    return { ...kill, completedJob: id };
  } finally {
    await endCloudFaults(proof.system);
  }
}

/** What a worker that is gone had begun stays as it is for a while: it is only later found to be lost. */
async function killWorkers(proof: ProofSystem, moment: string, owners: readonly string[]): Promise<WorkerKill> {
  const workers = [...new Set(owners)];
  const processes = workers.reduce((sum, owner) => sum + killInstances(proof.system.dataDir, owner), 0);
  const left = await listRunning(proof);
  return {
    moment,
    workers,
    processes,
    inHand: left.filter(({ owner }) => workers.includes(owner)).map(({ id }) => id),
    completed: await countCompleted(proof),
  };
}

export async function countCompleted({ db }: ProofSystem): Promise<number> {
  const { n } = await db
    .selectFrom("jobs")
    .select(({ fn }) => fn.countAll<number>().as("n"))
    .where("status", "=", "COMPLETED")
    .executeTakeFirstOrThrow();
  return Number(n);
}

async function listRunning({ db }: ProofSystem): Promise<readonly Running[]> {
  const rows = await db.selectFrom("jobs").select(["id", "owner"]).where("status", "=", "RUNNING").execute();
  return rows.flatMap(({ id, owner }) => (owner === null ? [] : [{ id, owner }]));
}

/** A running job of the user whose objects are all there. */
async function findUploaded(
  { db, system }: ProofSystem,
  { userId, files }: { readonly userId: number; readonly files: StoredFiles },
): Promise<Running> {
  return waitUntil(
    "a job whose result is stored",
    async () => {
      const running = await db
        .selectFrom("jobs")
        .select(["id", "owner"])
        .where("userId", "=", userId)
        .where("status", "=", "RUNNING")
        .execute();
      for (const { id, owner } of running) {
        const keys = await files.keys("results", jobKey(system.prefix, userId, id, ""));
        if (owner !== null && keys.length === OBJECTS_OF_A_JOB) return { id, owner };
      }
      return undefined;
    },
    { deadlineMs: FIND_MS, pollMs: LOOK_EVERY_MS },
  );
}

/** Holds the user's row while `work` goes on: whoever must lock it waits. */
function holdUser<Found>({ db }: ProofSystem, userId: number, work: () => Promise<Found>): Promise<Found> {
  return db.transaction().execute(async (trx) => {
    await trx.selectFrom("users").select("id").where("id", "=", userId).forUpdate().execute();
    return work();
  });
}
