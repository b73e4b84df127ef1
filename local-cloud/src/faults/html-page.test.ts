import { EC2Client, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { expect, onTestFinished, test } from "vitest";
import { FAULT_FORMS, readFaultForm } from "./fault-forms.ts";
import { CallFault, FaultRequest, KillInstance, StateFault } from "./rule.ts";

async function startPage() {
  const cloud = await startTestCloud();
  onTestFinished(() => cloud[Symbol.asyncDispose]());
  const url = `${cloud.endpoint}/_faults`;
  const read = async () => (await fetch(url, { headers: { accept: "text/html,*/*;q=0.8" } })).text();
  /** Sends a form as a browser does from the page. */
  const submit = (fields: Readonly<Record<string, string>>, { path = "", origin = cloud.endpoint } = {}) =>
    fetch(url + path, { method: "POST", body: new URLSearchParams(fields), headers: { origin }, redirect: "manual" });
  const rules = async (): Promise<unknown> => Reflect.get(Object(await (await fetch(url)).json()), "rules");
  return { cloud, url, read, submit, rules };
}

test("offers a form for every kind of fault, which asks for a fault that is accepted", () => {
  const kinds = [...CallFault.options, ...StateFault.options, KillInstance].map(({ shape }) => shape.kind.value);
  expect(FAULT_FORMS.map(({ kind }) => kind).sort()).toEqual([...kinds].sort());
  for (const { kind, fields } of FAULT_FORMS) {
    const filled = fields.map(({ name, type, value }) => [
      name,
      type === "instance" ? "i-0123456789abcdef0" : (value ?? ""),
    ]);
    const asked = readFaultForm(new URLSearchParams([["kind", kind], ...filled]));
    expect(FaultRequest.safeParse(asked)).toMatchObject({ success: true });
  }
});

test("a person adds a fault, sees its strikes and ends it, without a script", async () => {
  const { cloud, read, submit, rules } = await startPage();
  expect(await read()).toContain("<p>None.</p>");
  const added = await submit({
    kind: "throttling",
    service: "sqs",
    operation: "",
    percent: "100",
    times: "",
    durationSeconds: "60",
  });
  expect([added.status, added.headers.get("location")]).toEqual([303, "/_faults"]);
  const sqs = new SQSClient(cloud.clientConfig);
  onTestFinished(() => sqs.destroy());
  await expect(sqs.send(new ListQueuesCommand({}))).rejects.toMatchObject({ name: "RequestThrottled" });
  const page = await read();
  expect(page).toContain("<td>Throttling</td><td>service sqs, percent 100</td><td>1</td>");
  const [, path = ""] = /action="\/_faults(\/[\da-f-]{36}\/end)"/.exec(page) ?? [];
  expect((await submit({}, { path })).status).toBe(303);
  expect(await rules()).toEqual([]);
  await sqs.send(new ListQueuesCommand({}));
  for (const kind of ["internal-error", "lost-response"]) await submit({ kind, durationSeconds: "60" });
  expect(await rules()).toHaveLength(2);
  await submit({}, { path: "/end" });
  expect(await rules()).toEqual([]);
});

test("says on the page why a form is refused", async () => {
  const { submit, rules } = await startPage();
  const refused = await submit({ kind: "throttling", operation: "<b>SendMesage</b>", durationSeconds: "60" });
  expect(refused.status).toBe(400);
  const page = await refused.text();
  expect(page).toContain('role="alert"');
  expect(page).toContain("&lt;b>SendMesage");
  expect(await rules()).toEqual([]);
});

test("offers living instances to kill, by name", async () => {
  const { cloud, read, submit } = await startPage();
  expect(await read()).toContain("No instance is running.");
  const ec2 = new EC2Client(cloud.clientConfig);
  onTestFinished(() => ec2.destroy());
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId: "ami-0123456789abcdef0",
      MinCount: 1,
      MaxCount: 1,
      UserData: Buffer.from("#!/bin/bash\nexec sleep 60\n").toString("base64"),
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "Name", Value: "a <worker>" }] }],
    }),
  );
  const instanceId = Instances?.[0]?.InstanceId ?? "";
  expect(await read()).toContain(`<option value="${instanceId}">${instanceId} a &lt;worker></option>`);
  expect((await submit({ kind: "kill-instance", instanceId })).status).toBe(303);
});

test("takes forms of its own page only", async () => {
  const { url, submit, rules } = await startPage();
  const fields = { kind: "throttling", durationSeconds: "60" };
  for (const origin of ["http://evil.example", "http://localhost:8080", "null"])
    expect((await submit(fields, { origin })).status).toBe(403);
  const unsigned = await fetch(url, { method: "POST", body: new URLSearchParams(fields) });
  expect(unsigned.status).toBe(415);
  expect(await rules()).toEqual([]);
});
