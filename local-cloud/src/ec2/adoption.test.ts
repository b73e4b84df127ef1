import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CALL, eventually, newDataDir, startTestEc2 } from "@elastic-gas/testing/local-cloud/ec2/test-ec2";
import { expect, onTestFinished, test } from "vitest";
import { parseRecord } from "./instances/record.ts";
import { isEnded, isStopped, listPids, readStat, readVariable } from "./processes/proc.ts";

const SERVICE_PROCESS = fileURLToPath(
  new URL("../../../testing/src/local-cloud/ec2/service-process.ts", import.meta.url),
);

test("after kill -9 the next process adopts living instances, with their metadata endpoint and quota", async () => {
  const { dataDir, instanceId, child } = await startServiceProcess("auto", "echo up; while true; do sleep 0.1; done");
  const before = await eventually(() => recordIn(dataDir, instanceId, "running"), "running");
  await kill(child);
  expect(livingOf(instanceId).length).toBeGreaterThan(0);

  await using ec2 = await startTestEc2({ dataDir });
  const record = ec2.service.getInstance(instanceId);
  expect(record).toMatchObject({ state: "running", leader: before.leader, privateIpAddress: before.privateIpAddress });
  const answer = await fetch(`http://${before.privateIpAddress}:${before.metadataPort}/latest/meta-data/`);
  expect(answer.status).toBe(401);
  expect(ec2.service.listCpuUsage()).toHaveLength(1);
  await ec2.service.handlers.TerminateInstances({ InstanceIds: [instanceId] }, CALL);
  await ec2.waitFor(instanceId, "terminated");
  expect(livingOf(instanceId)).toEqual([]);
});

test("an adopted instance that ends later is noticed", async () => {
  const { dataDir, instanceId, child } = await startServiceProcess("auto", "exec sleep 60");
  const { leader } = await eventually(() => recordIn(dataDir, instanceId, "running"), "running");
  await kill(child);
  await using ec2 = await startTestEc2({ dataDir });
  process.kill(leader?.pid ?? 0, "SIGKILL");
  const record = await ec2.waitFor(instanceId, "terminated");
  expect(record.stateReason?.code).toBe("Client.InstanceInitiatedShutdown");
});

test("an instance that ended meanwhile is terminated, one that was never noted as started is found by its marker", async () => {
  const { dataDir, instanceId, child } = await startServiceProcess("auto", "exec sleep 60");
  await eventually(() => recordIn(dataDir, instanceId, "running"), "running");
  await eventually(() => livingOf(instanceId).length > 0, "its process");
  await kill(child);
  // As if the kill had come between the script's start and its note.
  const db = new DatabaseSync(join(dataDir, "ec2", "ec2.sqlite"));
  db.exec("update instances set record = json_set(record, '$.state', 'pending', '$.leader', null)");
  db.close();
  {
    const first = await startTestEc2({ dataDir });
    expect(first.service.getInstance(instanceId)?.state).toBe("running");
    expect(livingOf(instanceId)).toHaveLength(1);
    await first.service.close({ keepInstances: true });
  }
  for (const pid of livingOf(instanceId)) process.kill(pid, "SIGKILL");
  await eventually(() => livingOf(instanceId).length === 0, "ended");
  await using second = await startTestEc2({ dataDir });
  await second.waitFor(instanceId, "terminated");
});

test("processes of an instance that no record knows are ended", async () => {
  const { dataDir, instanceId, child } = await startServiceProcess("auto", "exec sleep 60");
  await eventually(() => livingOf(instanceId).length > 0, "running");
  await kill(child);
  for (const name of readdirSync(join(dataDir, "ec2"))) rmSync(join(dataDir, "ec2", name));
  await using ec2 = await startTestEc2({ dataDir });
  expect(ec2.service.listInstances()).toEqual([]);
  await eventually(() => livingOf(instanceId).length === 0, "ended");
});

test("kill -9 of a process with a pauser leaves its instances running free, and nothing paused", async () => {
  const script = "ulimit -t 120; sha256sum /dev/zero & sha256sum /dev/zero & wait";
  const { dataDir, instanceId, child } = await startServiceProcess("pauser", script);
  await eventually(() => livingOf(instanceId).some(isPidStopped), "paused");
  await kill(child);
  await eventually(() => !listPids().some(isPauserOf(child.pid ?? 0)), "the pauser's end");
  expect(livingOf(instanceId).length).toBeGreaterThan(0);
  expect(livingOf(instanceId).filter(isPidStopped)).toEqual([]);
  await using ec2 = await startTestEc2({ dataDir, vcpus: 0.05, settings: { quota: "pauser" } });
  await eventually(() => livingOf(instanceId).some(isPidStopped), "paused by the next one");
  expect(ec2.service.getInstance(instanceId)?.state).toBe("running");
});

test("an instance that a pauser held is held by its next keeper, whatever the kind", async () => {
  const script = "ulimit -t 120; sha256sum /dev/zero & sha256sum /dev/zero & wait";
  const { dataDir, instanceId, child } = await startServiceProcess("pauser", script);
  await eventually(() => livingOf(instanceId).length === 3, "running");
  await kill(child);
  await using ec2 = await startTestEc2({ dataDir, vcpus: 0.1, settings: { quota: "auto" } });
  const used = () => ec2.service.listCpuUsage().find((usage) => usage.instanceId === instanceId)?.usedSeconds ?? 0;
  // Other programs may take the machine's cores for a while: then it is measured again.
  await eventually(
    async () => {
      const before = used();
      const startedAt = performance.now();
      await delay(1500); // the window of the measurement
      const share = (used() - before) / ((performance.now() - startedAt) / 1000);
      // Where all cores are busy it may get less than its quota; stopped by the one before it would get nothing.
      return share > 0.01 && share < 0.2;
    },
    "the instance gets its share",
    60,
  );
}, 300_000);

test("closing with keepInstances leaves them running, without it none", async () => {
  const dataDir = newDataDir();
  const first = await startTestEc2({ dataDir });
  const id = await first.run("while true; do sleep 0.1; done");
  await first.waitFor(id, "running");
  await first.service.close({ keepInstances: true });
  await eventually(() => livingOf(id).length > 0, "its process");
  const second = await startTestEc2({ dataDir });
  expect(second.service.getInstance(id)?.state).toBe("running");
  await second[Symbol.asyncDispose]();
  expect(livingOf(id)).toEqual([]);
});

async function startServiceProcess(quota: "auto" | "pauser", script: string) {
  const dataDir = newDataDir();
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", SERVICE_PROCESS, dataDir, quota, script],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    output += part;
  });
  const instanceId = await eventually(() => /^(i-\w+)\n/.exec(output)?.[1], "the instance's id", 20);
  // Whatever fails: nothing of it outlives the test.
  onTestFinished(() => {
    child.kill("SIGKILL");
    for (const pid of livingOf(instanceId)) process.kill(pid, "SIGKILL");
    rmSync(dataDir, { recursive: true, force: true });
  });
  return { dataDir, child, instanceId };
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function recordIn(dataDir: string, instanceId: string, state: string) {
  const db = new DatabaseSync(join(dataDir, "ec2", "ec2.sqlite"), { readOnly: true });
  try {
    const row = db.prepare("select record from instances where instance_id = ?").get(instanceId);
    const record = row && parseRecord(String(row.record));
    return record?.state === state ? record : undefined;
  } finally {
    db.close();
  }
}

/** A process in the middle of its exec has no environment yet: one look can miss it. */
function livingOf(instanceId: string): number[] {
  return listPids().filter((pid) => {
    const stat = readStat(pid);
    return stat && !isEnded(stat) && readVariable(pid, "LOCAL_CLOUD_INSTANCE")?.endsWith(`/${instanceId}`);
  });
}

function isPidStopped(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== undefined && isStopped(stat);
}

function isPauserOf(parentPid: number): (pid: number) => boolean {
  return (pid) => readStat(pid)?.parentPid === parentPid;
}
