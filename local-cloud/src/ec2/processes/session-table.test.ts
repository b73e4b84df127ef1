import { spawn } from "node:child_process";
import { spawnSession } from "@elastic-gas/testing/local-cloud/ec2/spawn-session";
import { eventually } from "@elastic-gas/testing/local-cloud/ec2/test-ec2";
import { expect, onTestFinished, test } from "vitest";
import { readBootId, readStat } from "./proc.ts";
import { type Leader, SessionTable } from "./session-table.ts";

const OWNER = `test-${process.pid}`;

test("finds children, orphans and own sessions of a leader", async () => {
  const leader = await startSession("(setsid sleep 601.25 &); (sleep 601.5 &); sleep 601.75; true", "i-a");
  const table = new SessionTable(OWNER);
  table.track("i-a", leader);
  await eventually(() => {
    table.scan();
    return table.members("i-a").length === 4;
  }, "four members");
});

test("finds the rest of a session by its marker when nobody knows the leader any more", async () => {
  const leader = await startSession("sleep 602 & sleep 602 & wait", "i-b");
  await eventually(() => count("i-b", leader) === 3, "three members");
  process.kill(leader.pid, "SIGKILL");
  await eventually(() => count("i-b", null) === 2, "two orphans by marker");
  const table = new SessionTable(OWNER);
  expect(table.listUntrackedKeys()).toEqual(["i-b"]);
});

test("never touches a process that got a leader's pid later", async () => {
  const stranger = spawn("sleep", ["603"], { detached: true, stdio: "ignore", env: {} });
  onTestFinished(() => void stranger.kill("SIGKILL"));
  const stat = await eventually(() => readStat(stranger.pid ?? 0), "the stranger");
  const table = new SessionTable(OWNER);
  table.track("i-c", { pid: stat.pid, startTicks: stat.startTicks - 1, bootId: readBootId() });
  table.track("i-d", { pid: stat.pid, startTicks: stat.startTicks, bootId: "before the machine's restart" });
  table.signal("i-c", "SIGKILL");
  table.signal("i-d", "SIGKILL");
  expect([table.members("i-c"), table.members("i-d")]).toEqual([[], []]);
  // It may still be starting; one that was ended never sleeps again.
  await eventually(() => readStat(stat.pid)?.state === "S", "the stranger asleep");
});

test("a marker of another owner does not count", async () => {
  await startSession("sleep 604", "i-e");
  const table = new SessionTable("another-owner");
  table.track("i-e", null);
  table.scan();
  expect(table.members("i-e")).toEqual([]);
});

function count(key: string, leader: Leader | null): number {
  const table = new SessionTable(OWNER);
  table.track(key, leader);
  table.scan();
  return table.members(key).length;
}

async function startSession(script: string, key: string): Promise<Leader> {
  const session = await spawnSession(script, `${OWNER}/${key}`);
  onTestFinished(() => session[Symbol.asyncDispose]());
  return session.leader;
}
