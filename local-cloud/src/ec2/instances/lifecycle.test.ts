import { expect, test } from "vitest";
import { after, nextStep, start, stop, terminate } from "./lifecycle.ts";
import { type InstanceRecord, parseRecord } from "./record.ts";

const NOW = new Date("2026-03-01T12:00:00Z");
const SETTINGS = { folderSeconds: 60, consoleSeconds: 3600 };
const PAST = after(NOW, -1);
const FUTURE = after(NOW, 1);

test.each<[string, Partial<InstanceRecord>, number, string | undefined]>([
  ["waits for the boot", { state: "pending", bootsAt: FUTURE }, 0, undefined],
  ["launches when the boot is over", { state: "pending", bootsAt: NOW }, 0, "launch"],
  ["leaves a running one alone", { state: "running" }, 1, undefined],
  ["notices that all processes ended", { state: "running" }, 0, "begin-shutdown"],
  ["gives time to shut down", { state: "shutting-down", killsAt: FUTURE }, 1, undefined],
  ["kills after the grace period", { state: "shutting-down", killsAt: PAST }, 1, "kill"],
  ["ends when the last process is gone", { state: "shutting-down", killsAt: FUTURE }, 0, "end"],
  ["kills a stopping one after the grace period", { state: "stopping", killsAt: PAST }, 1, "kill"],
  ["stopped when the last process is gone", { state: "stopping", killsAt: FUTURE }, 0, "end"],
  ["leaves a stopped one alone", { state: "stopped" }, 0, undefined],
  ["ends what appears in a stopped one", { state: "stopped" }, 1, "kill"],
  ["keeps the folder for a while", { state: "terminated", endedAt: after(NOW, -59) }, 0, undefined],
  ["then cleans it", { state: "terminated", endedAt: after(NOW, -60) }, 0, "clean-folder"],
  ["removes the console log last", { state: "terminated", endedAt: after(NOW, -3600) }, 0, "remove-folder"],
  ["has nothing more to do", { state: "terminated", endedAt: after(NOW, -3600), folderRemoved: true }, 0, undefined],
])("%s", (_, changes, processes, expected) => {
  expect(nextStep(record(changes), { processes }, SETTINGS, NOW)?.kind).toBe(expected);
});

test("shutting itself down follows the instance's behaviour", () => {
  for (const [shutdownBehavior, state] of [
    ["terminate", "shutting-down"],
    ["stop", "stopping"],
  ] as const) {
    const step = nextStep(record({ state: "running", shutdownBehavior }), { processes: 0 }, SETTINGS, NOW);
    expect(step).toMatchObject({ changes: { state, stateReason: { code: "Client.InstanceInitiatedShutdown" } } });
  }
});

test.each([
  ["pending", "shutting-down", "refused", null],
  ["running", "shutting-down", "stopping", null],
  ["stopping", "shutting-down", null, "refused"],
  ["stopped", "shutting-down", null, "pending"],
  ["shutting-down", null, "refused", "refused"],
  ["terminated", null, "refused", "refused"],
] as const)("from %s: terminate gives %s, stop %s, start %s", (state, terminated, stopped, started) => {
  const stateOf = (changes: Partial<InstanceRecord> | null | "refused") =>
    changes === null || changes === "refused" ? changes : changes.state;
  expect(stateOf(terminate(record({ state }), 30, NOW))).toBe(terminated);
  expect(stateOf(stop(record({ state }), 30, NOW))).toBe(stopped);
  expect(stateOf(start(record({ state }), 1, NOW))).toBe(started);
});

test("says who ended it and when", () => {
  expect(terminate(record({ state: "running" }), 30, NOW)).toMatchObject({
    killsAt: after(NOW, 30),
    stateTransitionReason: "User initiated (2026-03-01 12:00:00 GMT)",
  });
});

function record(changes: Partial<InstanceRecord>): InstanceRecord {
  const json = JSON.stringify({
    instanceId: "i-0123456789abcdef0",
    reservationId: "r-0123456789abcdef0",
    launchIndex: 0,
    clientToken: null,
    imageId: "ami-0123456789abcdef0",
    instanceType: "t3.micro",
    subnetId: "subnet-a",
    availabilityZone: "us-east-1a",
    vpcId: "vpc-1",
    privateIpAddress: "127.0.10.1",
    metadataPort: 1338,
    metadataSecret: "secret",
    httpTokens: "required",
    httpEndpoint: "enabled",
    instanceMetadataTags: "disabled",
    securityGroupIds: [],
    profileName: null,
    userData: "",
    detailedMonitoring: false,
    shutdownBehavior: "terminate",
    terminationProtected: false,
    tags: {},
    state: "running",
    stateReason: null,
    stateTransitionReason: "",
    launchedAt: NOW,
    bootsAt: NOW,
    startedAt: NOW,
    leader: null,
    killsAt: null,
    hung: false,
    endedAt: null,
    folderRemoved: false,
  });
  return { ...parseRecord(json), ...changes };
}
