import { writeFileSync } from "node:fs";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { pause } from "@elastic-gas/shared/shutdown";
import { isSettled, type ProofSystem } from "../prove/proof-system.ts";
import { expectOf } from "./history.ts";
import { answers, SETTLE_SECONDS, startAgain, startSecond } from "./parts.ts";
import type { Step } from "./plan.ts";
import type { Rig } from "./rig.ts";

/** Two may be just before and just after a check; a second one that acts too makes twice as many. */
const CHECKS_BESIDE = 3;
const CHECK_SECONDS = 5;
const HOUR_MS = 3_600_000;

/** Two autoscalers: one decides, and when it ends the other goes on. Two managers: both tell the same. */
export async function runSecond(rig: Rig, { part, seconds }: Extract<Step, { kind: "second part" }>): Promise<void> {
  return part === "autoscaler" ? runSecondAutoscaler(rig, seconds) : runSecondManager(rig, seconds);
}

async function runSecondAutoscaler({ proof, history, signal }: Rig, seconds: number): Promise<void> {
  await using second = await startSecond(proof, "autoscaler", {});
  await pause(10_000, signal); // it boots
  const before = await countChecks(proof);
  await pause(seconds * 1_000, signal);
  await expectOf(history, "one of two autoscalers decides", async () => {
    if (!second.isAlive()) return "the second one ended by itself";
    const count = (await countChecks(proof)) - before;
    const most = seconds / CHECK_SECONDS + CHECKS_BESIDE;
    return count <= most ? null : `${count} checks of one pool in ${seconds} s, at most ${most} are due`;
  });
}

async function runSecondManager({ proof, history, signal }: Rig, seconds: number): Promise<void> {
  const port = await findFreePort();
  await using second = await startSecond(proof, "manager", { MANAGER_PORT: String(port) });
  const url = `http://127.0.0.1:${port}`;
  await proof.wait("the second manager to answer", () => answers(`${url}/healthz`), SETTLE_SECONDS);
  const end = Date.now() + seconds * 1_000;
  const other = proof.manager.at(url);
  while (Date.now() < end && !signal.aborted) {
    await Promise.allSettled([other.pools(), other.alerts()]);
    await pause(1_000, signal);
  }
  await expectOf(history, "two managers tell the same pools", async () => {
    if (!second.isAlive()) return "the second one ended by itself";
    const [own, others] = await Promise.all([proof.manager.pools(), other.pools()]);
    const names = (pools: typeof own) => pools.map(({ name, min, max }) => `${name} ${min}-${max}`).join(", ");
    return names(own) === names(others) ? null : `${names(own)} here, ${names(others)} there`;
  });
}

/** It says that the system runs, and changes nothing. */
export async function runSecondStart({ proof, history }: Rig): Promise<void> {
  await expectOf(history, "a second start.sh leaves the first alone", async () => {
    const { code, text } = await startAgain(proof);
    if (code !== 0 || !text.includes("already runs")) return `it ended by ${code} and said: ${text.slice(-200)}`;
    return (await answers(`${proof.system.managerUrl}/healthz`)) ? null : "the manager is away";
  });
}

/** Two of each consumer of the utility worker's queues. */
export async function runSecondUtilityWorker({ proof, signal }: Rig, seconds: number): Promise<void> {
  const settled = () =>
    proof.wait(
      "the utility pool to settle",
      async () => isSettled(await proof.manager.pool("utility")),
      SETTLE_SECONDS,
    );
  await settled();
  await proof.manager.press("utility", "grow");
  await settled();
  await pause(seconds * 1_000, signal);
  await proof.manager.press("utility", "shrink");
  await settled();
}

/** Sets the clock of a part and puts it right again; it works on meanwhile, and afterwards. */
export async function setClock(rig: Rig, { part, hours, seconds }: Extract<Step, { kind: "clock" }>): Promise<void> {
  const { proof, history, signal, clockFile } = rig;
  const name = `the clock of ${part} ${hours > 0 ? "fast" : "slow"}`;
  const works = (when: string) =>
    expectOf(history, `${part} works with ${when}`, async () => {
      const before = part === "autoscaler" ? await countChecks(proof) : 0;
      await proof.wait(
        `${part} to work`,
        async () => {
          return part === "autoscaler"
            ? (await countChecks(proof)) > before
            : (await proof.manager.pools().catch(() => [])).length > 0;
        },
        WORKS_SECONDS,
      );
      return null;
    });
  writeFileSync(clockFile, JSON.stringify({ [part]: hours * HOUR_MS }));
  try {
    await pause(seconds * 1_000, signal);
    await works(name);
  } finally {
    writeFileSync(clockFile, "{}");
  }
  await works(`${name} and right again`);
}

/** Many ticks of 5 s, for a machine that does much else. */
const WORKS_SECONDS = 60;

/** Of the web pool. */
async function countChecks({ db }: ProofSystem): Promise<number> {
  const { count } = await db
    .selectFrom("decisions")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("pool", "=", "web")
    .executeTakeFirstOrThrow();
  return Number(count);
}
