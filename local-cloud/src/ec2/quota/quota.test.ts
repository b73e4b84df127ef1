import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { spawnSession } from "@elastic-gas/testing/local-cloud/ec2/spawn-session";
import { eventually, startTestEc2, type TestEc2 } from "@elastic-gas/testing/local-cloud/ec2/test-ec2";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { isStopped, readStat } from "../processes/proc.ts";
import type { Leader } from "../processes/session-table.ts";
import { findCgroupTree } from "./cgroup.ts";
import type { QuotaSession } from "./enforcer.ts";
import { PauserEnforcer } from "./pauser.ts";

/** Two native threads that want all they can get; of a run that was cut off they end by themselves. */
const BUSY = "ulimit -t 120; sha256sum /dev/zero & sha256sum /dev/zero & wait";

const hasCgroup = findCgroupTree("probe-of-tests") !== undefined;

describe.each(["cgroup", "pauser"] as const)("quota by %s", (quota) => {
  test.skipIf(quota === "cgroup" && !hasCgroup)(
    "holds each of two busy instances to its share",
    async () => {
      await using ec2 = await startTestEc2({ vcpus: 0.1, settings: { quota } });
      const ids = [await ec2.run(BUSY), await ec2.run(BUSY)];
      for (const id of ids) await ec2.waitFor(id, "running");
      await eventually(() => ids.every((id) => usedBy(ec2, id) > 0.1), "both busy");
      const measure = async () => {
        const before = ids.map((id) => usedBy(ec2, id));
        const startedAt = performance.now();
        await delay(3000); // the window of the measurement
        const seconds = (performance.now() - startedAt) / 1000;
        return ids.map((id, index) => (usedBy(ec2, id) - (before[index] ?? 0)) / seconds);
      };
      // Less while other programs take the machine's cores, more while the pauser itself waits for one, which it takes
      // back from what follows: both are measured again.
      const shares = await eventually(
        async () => {
          const measured = await measure();
          return measured.every((share) => share > 0.07 && share < 0.13) && measured;
        },
        "both get their share",
        180,
      );
      expect(shares).toHaveLength(2);
    },
    240_000,
  );

  test.skipIf(quota === "cgroup" && !hasCgroup)(
    "holds an instance without CPU credits to its baseline, of what stays its whole CPU, until it has some again",
    async () => {
      await using ec2 = await startTestEc2({ vcpus: 0.4, settings: { quota, launchCreditCpuSeconds: 1_000 } });
      const id = await ec2.run(BUSY);
      await ec2.waitFor(id, "running");
      const { faults } = ec2.service;
      const waitForShare = (isRight: (share: number) => boolean, what: string) =>
        eventually(async () => isRight(await shareOf(ec2, id)), what, 180);
      faults.takeCredits(id, 20);
      await waitForShare((share) => share > 0.05 && share < 0.12, "held to the baseline of 0.08");
      expect(ec2.service.listCpuUsage()).toMatchObject([{ quotaVcpus: 0.4 }]);
      faults.giveCredits(id);
      await waitForShare((share) => share > 0.16, "beyond the baseline again");
    },
    400_000,
  );

  test.skipIf(quota === "cgroup" && !hasCgroup)("lets the boot use its launch credit", async () => {
    const [rich, poor] = [0.6, 0].map((launchCreditCpuSeconds) =>
      startTestEc2({ vcpus: 0.05, settings: { quota, launchCreditCpuSeconds } }),
    ) as [Promise<TestEc2>, Promise<TestEc2>];
    await using withCredit = await rich;
    await using without = await poor;
    const others = await without.run(BUSY);
    await without.waitFor(others, "running");
    await eventually(async () => {
      const before = usedBy(without, others);
      await delay(500); // the window of the measurement
      return before > 0 && usedBy(without, others) - before < 0.1;
    }, "the other one held to its share");
    const ahead = usedBy(without, others);
    const id = await withCredit.run(BUSY);
    await withCredit.waitFor(id, "running");
    await eventually(() => usedBy(withCredit, id) > 0.5, "credit used", 120);
    expect(usedBy(without, others) - ahead).toBeLessThan(usedBy(withCredit, id));
  });
});

test.skipIf(!hasCgroup)("leaves no group behind", async () => {
  const tree = findCgroupTree("probe-of-tests");
  const parent = tree?.version === 2 ? tree.parent : (tree?.cpuParent ?? "");
  let id = "";
  {
    await using ec2 = await startTestEc2({ settings: { quota: "cgroup" } });
    id = await ec2.run("sleep 60");
    await ec2.waitFor(id, "running");
    expect(readdirSync(parent).some((name) => name.endsWith(id))).toBe(true);
  }
  expect(readdirSync(parent).some((name) => name.endsWith(id))).toBe(false);
});

describe("the pauser", () => {
  test("kill -9 of it leaves nothing standing, and another takes over", async () => {
    await using enforcer = disposable(new PauserEnforcer("quota-test", pino({ level: "silent" })));
    await using session = await spawnSession(BUSY, "quota-test/i-1");
    enforcer.apply([sessionOf("i-1", session.leader, 0.02)]);
    await eventually(() => isPaused(session.leader), "paused");
    const first = enforcer.pid ?? 0;
    process.kill(first, "SIGKILL");
    await eventually(() => !isPaused(session.leader), "resumed");
    expect(enforcer.pid).toBeUndefined(); // by the parent, before there is another
    await eventually(() => enforcer.pid !== undefined && enforcer.pid !== first, "another pauser");
    await eventually(() => isPaused(session.leader), "paused again");
  });

  test("resumes everything when it ends, except what hangs on purpose", async () => {
    const enforcer = new PauserEnforcer("quota-test", pino({ level: "silent" }));
    await using busy = await spawnSession(BUSY, "quota-test/i-2");
    await using hung = await spawnSession("sleep 60", "quota-test/i-3");
    process.kill(hung.leader.pid, "SIGSTOP");
    enforcer.apply([sessionOf("i-2", busy.leader, 0.02), { ...sessionOf("i-3", hung.leader, 0.02), hung: true }]);
    await eventually(() => isPaused(busy.leader), "paused");
    await enforcer.close();
    expect(isPaused(busy.leader)).toBe(false);
    expect(isPaused(hung.leader)).toBe(true);
  });

  test("resumes what an earlier pauser left standing", async () => {
    await using session = await spawnSession("sleep 60", "quota-test/i-4");
    process.kill(session.leader.pid, "SIGSTOP");
    await eventually(() => isPaused(session.leader), "standing");
    await using enforcer = disposable(new PauserEnforcer("quota-test", pino({ level: "silent" })));
    enforcer.apply([sessionOf("i-4", session.leader, 0.2)]);
    await eventually(() => !isPaused(session.leader), "resumed");
  });
});

/** CPU seconds a second, over a second. */
async function shareOf(ec2: TestEc2, instanceId: string): Promise<number> {
  const before = usedBy(ec2, instanceId);
  const startedAt = performance.now();
  await delay(1000); // the window of the measurement
  return ((usedBy(ec2, instanceId) - before) * 1000) / (performance.now() - startedAt);
}

function usedBy(ec2: TestEc2, instanceId: string): number {
  return ec2.service.listCpuUsage().find((usage) => usage.instanceId === instanceId)?.usedSeconds ?? 0;
}

function isPaused(leader: Leader): boolean {
  const stat = readStat(leader.pid);
  return stat !== undefined && isStopped(stat);
}

function sessionOf(instanceId: string, leader: Leader, vcpus: number): QuotaSession {
  return { instanceId, leader, vcpus, creditCpuSeconds: 0, creditEndsAt: 0, hung: false };
}

function disposable(enforcer: PauserEnforcer): PauserEnforcer & AsyncDisposable {
  return Object.assign(enforcer, { [Symbol.asyncDispose]: () => enforcer.close() });
}
