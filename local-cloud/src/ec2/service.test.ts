import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  CALL,
  encode,
  eventually,
  faultCodeOf,
  IMAGE_ID,
  startTestEc2,
} from "@elastic-gas/testing/local-cloud/ec2/test-ec2";
import { expect, test } from "vitest";
import { isEnded, listPids, readStat, readVariable } from "./processes/proc.ts";

test("an instance is pending at once, runs its script in its own folder, and is terminated on request", async () => {
  await using ec2 = await startTestEc2();
  const id = await ec2.run("echo here is $PWD; exec sleep 60");
  expect(ec2.service.getInstance(id)?.state).toBe("pending");
  await ec2.waitFor(id, "running");
  await eventually(async () => (await ec2.console(id)).includes(join(ec2.dataDir, "instances", id)), "console output");

  const { TerminatingInstances } = await ec2.service.handlers.TerminateInstances({ InstanceIds: [id] }, CALL);
  expect(TerminatingInstances).toEqual([
    {
      InstanceId: id,
      PreviousState: { Code: 16, Name: "running" },
      CurrentState: { Code: 32, Name: "shutting-down" },
    },
  ]);
  const record = await ec2.waitFor(id, "terminated");
  expect(record.stateReason?.code).toBe("Client.UserInitiatedShutdown");
  expect(record.stateTransitionReason).toMatch(/^User initiated \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT\)$/);
  const { Reservations } = await ec2.service.handlers.DescribeInstances({ InstanceIds: [id] }, CALL);
  expect(Reservations?.[0]?.Instances?.[0]?.State?.Name).toBe("terminated");
});

test("a script sees nothing of our environment but what the options give", async () => {
  process.env.EC2_TEST_LEAK = "leaked";
  await using ec2 = await startTestEc2({ environment: { GAS_CACHE: "/somewhere" } });
  const id = await ec2.run("env; echo end-of-env; exec sleep 60");
  const output = await eventually(async () => {
    const text = await ec2.console(id);
    return text.includes("end-of-env") && text;
  }, "the environment");
  const names = output.split("\n").flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
  expect(names.toSorted()).toEqual(
    [
      "AWS_EC2_METADATA_SERVICE_ENDPOINT",
      "GAS_CACHE",
      "HOME",
      "LANG",
      "WORKER_VCPUS",
      "LOCAL_CLOUD_INSTANCE",
      "PATH",
      "PWD",
      "SHLVL",
      "TMPDIR",
      "_",
    ].toSorted(),
  );
  delete process.env.EC2_TEST_LEAK;
});

test("an instance whose processes all ended shut itself down", async () => {
  await using ec2 = await startTestEc2();
  const terminating = await ec2.run("echo done");
  const stopping = await ec2.run("echo done", { InstanceInitiatedShutdownBehavior: "stop" });
  expect((await ec2.waitFor(terminating, "terminated")).stateReason?.code).toBe("Client.InstanceInitiatedShutdown");
  expect((await ec2.waitFor(stopping, "stopped")).stateReason?.code).toBe("Client.InstanceInitiatedShutdown");
});

test("an instance lives as long as one process of it, and takes double forks and own sessions with it", async () => {
  await using ec2 = await startTestEc2();
  const id = await ec2.run("(setsid sleep 600.25 &) ; (sleep 600.5 &) ; echo forked");
  await eventually(async () => (await ec2.console(id)).includes("forked"), "forks");
  // Leader and middle processes are gone; the sleepers remain.
  await eventually(() => listMarked(id).length === 2, "two orphans");
  expect(ec2.service.getInstance(id)?.state).toBe("running");
  await ec2.service.handlers.TerminateInstances({ InstanceIds: [id] }, CALL);
  await ec2.waitFor(id, "terminated");
  expect(listMarked(id)).toEqual([]);
});

test("processes that ignore SIGTERM are killed after the grace period", async () => {
  await using ec2 = await startTestEc2({ settings: { terminationGraceSeconds: 0.3 } });
  const id = await ec2.run("trap '' TERM; echo deaf; while true; do sleep 0.05; done");
  await eventually(async () => (await ec2.console(id)).includes("deaf"), "the trap");
  await ec2.service.handlers.TerminateInstances({ InstanceIds: [id] }, CALL);
  await ec2.waitFor(id, "terminated");
  expect(listMarked(id)).toEqual([]);
});

test("a script has its grace period to finish what it does", async () => {
  await using ec2 = await startTestEc2();
  const id = await ec2.run("trap 'sleep 0.4; echo drained; exit' TERM; echo ready; while true; do sleep 0.05; done");
  await eventually(async () => (await ec2.console(id)).includes("ready"), "the trap");
  await ec2.service.handlers.TerminateInstances({ InstanceIds: [id] }, CALL);
  await ec2.waitFor(id, "terminated");
  expect(await ec2.console(id)).toContain("drained");
});

test("stops, and starts again with the same address", async () => {
  await using ec2 = await startTestEc2();
  const id = await ec2.run("echo boot >> boots; exec sleep 60");
  const first = await ec2.waitFor(id, "running");
  await ec2.service.handlers.StopInstances({ InstanceIds: [id] }, CALL);
  await ec2.waitFor(id, "stopped");
  await ec2.service.handlers.StartInstances({ InstanceIds: [id] }, CALL);
  const second = await ec2.waitFor(id, "running");
  expect(second.privateIpAddress).toBe(first.privateIpAddress);
  expect(second.stateReason).toBeNull();

  await ec2.service.handlers.TerminateInstances({ InstanceIds: [id] }, CALL);
  await ec2.waitFor(id, "terminated");
  expect(await faultCodeOf(ec2.service.handlers.StartInstances({ InstanceIds: [id] }, CALL))).toBe(
    "IncorrectInstanceState",
  );
});

test("a client token launches once, and refuses other parameters", async () => {
  await using ec2 = await startTestEc2();
  const input = { ImageId: IMAGE_ID, MinCount: 2, MaxCount: 2, UserData: encode("sleep 60"), ClientToken: "intent-1" };
  const [first, second] = await Promise.all([
    ec2.service.handlers.RunInstances(input, CALL),
    ec2.service.handlers.RunInstances(input, CALL),
  ]);
  const idsOf = (answer: typeof first) => answer.Instances?.map((instance) => instance.InstanceId);
  expect(idsOf(first)).toHaveLength(2);
  expect(idsOf(second)).toEqual(idsOf(first));
  expect(ec2.service.listInstances()).toHaveLength(2);
  expect(await faultCodeOf(ec2.service.handlers.RunInstances({ ...input, MaxCount: 3 }, CALL))).toBe(
    "IdempotentParameterMismatch",
  );
});

test("gives partial capacity from MinCount on, and none below", async () => {
  await using ec2 = await startTestEc2({ settings: { capacity: 3 } });
  const run = (MinCount: number, MaxCount: number) =>
    ec2.service.handlers.RunInstances({ ImageId: IMAGE_ID, MinCount, MaxCount, UserData: encode("sleep 60") }, CALL);
  expect((await run(1, 5)).Instances).toHaveLength(3);
  expect(await faultCodeOf(run(1, 1))).toBe("InsufficientInstanceCapacity");
  ec2.service.tune({ capacity: 10, instanceLimit: 4 });
  expect(await faultCodeOf(run(2, 2))).toBe("InstanceLimitExceeded");
  expect((await run(1, 2)).Instances).toHaveLength(1);
});

test("every living instance has an address of its own in its subnet's block", async () => {
  await using ec2 = await startTestEc2();
  const run = (SubnetId?: string) =>
    ec2.service.handlers.RunInstances({ ImageId: IMAGE_ID, MinCount: 3, MaxCount: 3, SubnetId }, CALL);
  const answers = await Promise.all([run("subnet-a"), run("subnet-b"), run()]);
  const addresses = answers.flatMap((answer) => answer.Instances ?? []).map((instance) => instance.PrivateIpAddress);
  expect(new Set(addresses).size).toBe(9);
  const { Subnets } = await ec2.service.handlers.DescribeSubnets({ SubnetIds: ["subnet-b"] }, CALL);
  expect(Subnets?.[0]?.CidrBlock).toMatch(/\.128\/25$/);
  expect(await faultCodeOf(run("subnet-c"))).toBe("InvalidSubnetID.NotFound");
});

test("tags are set at launch, changed, filtered by, and described", async () => {
  await using ec2 = await startTestEc2();
  const { handlers } = ec2.service;
  const tagged = await ec2.run("sleep 60", {
    TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "elastic-gas:pool", Value: "web" }] }],
  });
  const other = await ec2.run("sleep 60");
  const find = async (Name: string, ...Values: string[]) => {
    const { Reservations } = await handlers.DescribeInstances({ Filters: [{ Name, Values }] }, CALL);
    return Reservations?.flatMap((reservation) => reservation.Instances ?? []).map((instance) => instance.InstanceId);
  };
  expect(await find("tag:elastic-gas:pool", "web", "annotator")).toEqual([tagged]);
  expect(await find("tag:elastic-gas:pool", "w?b*")).toEqual([tagged]);
  expect(await find("tag-key", "elastic-gas:*")).toEqual([tagged]);
  await handlers.CreateTags({ Resources: [other], Tags: [{ Key: "Name", Value: "x" }] }, CALL);
  expect(await find("tag:Name", "x")).toEqual([other]);
  await handlers.DeleteTags({ Resources: [other], Tags: [{ Key: "Name", Value: "not x" }] }, CALL);
  expect(await find("tag:Name", "x")).toEqual([other]);
  await handlers.DeleteTags({ Resources: [other], Tags: [{ Key: "Name" }] }, CALL);
  expect(await find("tag:Name", "x")).toEqual([]);
  const { Tags } = await handlers.DescribeTags({ Filters: [{ Name: "resource-id", Values: [tagged] }] }, CALL);
  expect(Tags).toEqual([{ ResourceId: tagged, ResourceType: "instance", Key: "elastic-gas:pool", Value: "web" }]);
  expect(await faultCodeOf(find("tags", "x"))).toBe("InvalidParameterValue");
});

test("pages hold every instance once", async () => {
  await using ec2 = await startTestEc2();
  await ec2.run("sleep 60", { MinCount: 12, MaxCount: 12 });
  const seen: (string | undefined)[] = [];
  let NextToken: string | undefined;
  do {
    const page = await ec2.service.handlers.DescribeInstances({ MaxResults: 5, NextToken }, CALL);
    seen.push(...(page.Reservations ?? []).flatMap((r) => r.Instances ?? []).map((instance) => instance.InstanceId));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  expect(seen).toHaveLength(12);
  expect(new Set(seen).size).toBe(12);
});

test("refuses ids as EC2 does", async () => {
  await using ec2 = await startTestEc2();
  const terminate = (id: string) => faultCodeOf(ec2.service.handlers.TerminateInstances({ InstanceIds: [id] }, CALL));
  expect(await terminate("worker-1")).toBe("InvalidInstanceID.Malformed");
  expect(await terminate("i-0123456789abcdef0")).toBe("InvalidInstanceID.NotFound");
  const describe = ec2.service.handlers.DescribeInstances({ InstanceIds: ["i-0123456789abcdef0"] }, CALL);
  expect(await faultCodeOf(describe)).toBe("InvalidInstanceID.NotFound");
  const dryRun = ec2.service.handlers.RunInstances({ ImageId: IMAGE_ID, MinCount: 1, MaxCount: 1, DryRun: true }, CALL);
  expect(await faultCodeOf(dryRun)).toBe("DryRunOperation");
  expect(ec2.service.listInstances()).toEqual([]);
});

test("a protected instance is not terminated, alone or among others", async () => {
  await using ec2 = await startTestEc2();
  const free = await ec2.run("sleep 60");
  const guarded = await ec2.run("sleep 60", { DisableApiTermination: true });
  const call = ec2.service.handlers.TerminateInstances({ InstanceIds: [free, guarded] }, CALL);
  expect(await faultCodeOf(call)).toBe("OperationNotPermitted");
  expect(ec2.service.getInstance(free)?.killsAt).toBeNull();
});

test("Describe answers lag behind when asked to", async () => {
  let now = new Date();
  await using ec2 = await startTestEc2({ now: () => now, settings: { describeLagSeconds: 10 } });
  const id = await ec2.run("sleep 60");
  const count = async () => (await ec2.service.handlers.DescribeInstances({}, CALL)).Reservations?.length;
  expect(await count()).toBe(0);
  expect(await faultCodeOf(ec2.service.handlers.DescribeInstances({ InstanceIds: [id] }, CALL))).toBe(
    "InvalidInstanceID.NotFound",
  );
  now = new Date(now.getTime() + 10_000);
  expect(await count()).toBe(1);
});

test("a terminated instance is shown for a while, its folder goes first, its console log last", async () => {
  let now = new Date();
  await using ec2 = await startTestEc2({ now: () => now });
  const id = await ec2.run("echo last words; mkdir bundle");
  await ec2.waitFor(id, "terminated");
  const folder = join(ec2.dataDir, "instances", id);
  expect(existsSync(join(folder, "bundle"))).toBe(true);
  const count = async () => (await ec2.service.handlers.DescribeInstances({}, CALL)).Reservations?.length;

  now = new Date(now.getTime() + 120_000);
  await eventually(() => !existsSync(join(folder, "bundle")), "folder cleaned");
  expect(await ec2.console(id)).toContain("last words");
  expect(await count()).toBe(1);
  now = new Date(now.getTime() + 600_000);
  expect(await count()).toBe(0);
  now = new Date(now.getTime() + 3_600_000);
  await eventually(() => !existsSync(folder), "folder removed");
});

test("faults: a killed instance ends, a hanging one stands still until resumed, a slow one boots later", async () => {
  await using ec2 = await startTestEc2();
  const { faults } = ec2.service;
  const killed = await ec2.run("sleep 60");
  const hanging = await ec2.run("while true; do echo tick; sleep 0.05; done");
  await ec2.waitFor(killed, "running");
  await eventually(async () => (await ec2.console(hanging)).includes("tick"), "ticks");

  faults.kill(killed);
  await ec2.waitFor(killed, "terminated");

  faults.hang(hanging);
  await eventually(() => listMarked(hanging).every((pid) => readStat(pid)?.state === "T"), "standing still");
  const { InstanceStatuses } = await ec2.service.handlers.DescribeInstanceStatus({ InstanceIds: [hanging] }, CALL);
  expect(InstanceStatuses?.[0]?.InstanceStatus?.Status).toBe("impaired");
  faults.resume(hanging);
  await eventually(() => listMarked(hanging).every((pid) => readStat(pid)?.state !== "T"), "resumed");

  faults.slowBoot(100);
  const slow = ec2.service.getInstance(await ec2.run("sleep 60"));
  expect((slow?.bootsAt.getTime() ?? 0) - (slow?.launchedAt.getTime() ?? 0)).toBe(100_000);
  faults.neverHealthy();
  const deaf = await ec2.run("echo never said; sleep 60");
  await ec2.waitFor(deaf, "running");
  expect(await ec2.console(deaf)).toBe("");
});

/** Living processes that carry the instance's marker. */
function listMarked(instanceId: string): number[] {
  return listPids().filter((pid) => {
    const stat = readStat(pid);
    return stat && !isEnded(stat) && readVariable(pid, "LOCAL_CLOUD_INSTANCE")?.endsWith(`/${instanceId}`);
  });
}
