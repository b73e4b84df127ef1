import { openMetadata } from "@elastic-gas/shared/aws/instance-identity";
import { askInterruption } from "@elastic-gas/shared/aws/interruption";
import { startTestEc2, type TestEc2 } from "@elastic-gas/testing/local-cloud/ec2/test-ec2";
import { expect, test } from "vitest";

async function launch(ec2: TestEc2): Promise<string> {
  const id = await ec2.run("exec sleep 300");
  await ec2.waitFor(id, "running");
  return id;
}

async function ask(ec2: TestEc2, instanceId: string) {
  const record = ec2.service.getInstance(instanceId);
  return askInterruption(await openMetadata(`http://${record?.privateIpAddress}:${record?.metadataPort}`));
}

const wholeSecond = (fromNow: number): Date => new Date(Math.floor(Date.now() / 1_000 + fromNow) * 1_000);

test("an instance reads each notice from its metadata, and no other instance does", async () => {
  await using ec2 = await startTestEc2();
  const [noticed, other] = [await launch(ec2), await launch(ec2)];
  expect(await ask(ec2, noticed)).toBeNull();
  const at = wholeSecond(3_600);
  ec2.service.faults.giveNotice(noticed, { kind: "rebalance", at });
  expect(await ask(ec2, noticed)).toEqual({ what: "rebalance", at: null });
  ec2.service.faults.giveNotice(noticed, { kind: "retirement", at });
  expect(await ask(ec2, noticed)).toEqual({ what: "scheduled", at: at.getTime() });
  ec2.service.faults.giveNotice(noticed, { kind: "spot", at });
  expect(await ask(ec2, noticed)).toEqual({ what: "spot", at: at.getTime() });
  expect(await ask(ec2, other)).toBeNull();
  ec2.service.faults.withdrawNotice(noticed);
  expect(await ask(ec2, noticed)).toBeNull();
});

test("a spot instance ends when its notice said so, in EC2's words; one whose notice was withdrawn stays", async () => {
  await using ec2 = await startTestEc2();
  const [taken, spared] = [await launch(ec2), await launch(ec2)];
  for (const id of [taken, spared]) ec2.service.faults.giveNotice(id, { kind: "spot", at: new Date(Date.now() + 500) });
  ec2.service.faults.withdrawNotice(spared);
  const ended = await ec2.waitFor(taken, "terminated");
  expect(ended.stateReason?.code).toBe("Server.SpotInstanceTermination");
  expect(ec2.service.getInstance(spared)?.state).toBe("running");
  expect(() => ec2.service.faults.giveNotice(taken, { kind: "rebalance", at: new Date() })).toThrow(
    /No living instance/,
  );
});
