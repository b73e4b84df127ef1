import { randomUUID } from "node:crypto";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { createTestQueues, type TestQueues } from "@elastic-gas/testing/queues";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { JobRequest } from "../messages.ts";
import { consume, DONE, type Handled } from "./consumer.ts";
import { Unavailable } from "./transient.ts";

let cloud: TestCloud;
let queues: TestQueues;

beforeAll(async () => {
  cloud = await startTestCloud();
});
beforeEach(async () => {
  queues = await createTestQueues(cloud.clientConfig, `kit-${randomUUID().slice(0, 8)}`);
});
afterAll(() => cloud[Symbol.asyncDispose]());

const request = () => ({ version: 1, jobId: randomUUID(), userId: 7 }) as const;
const send = (body: unknown) => queues.send("jobRequests", typeof body === "string" ? body : JSON.stringify(body));

interface Run {
  readonly handle: (body: JobRequest, stop: AbortSignal) => Promise<Handled>;
  readonly until: () => boolean | Promise<boolean>;
  readonly isDraining?: () => boolean;
}

/** A consumer that retries without a pause: what counts here is how often, not how long. */
async function run({ handle, until, ...options }: Run): Promise<void> {
  const controller = new AbortController();
  const consuming = consume({
    sqs: queues.sqs,
    queue: queues.resources.queues.jobRequests,
    schema: JobRequest,
    log: pino({ level: "silent" }),
    signal: controller.signal,
    visibilityTimeoutSeconds: 2,
    longestRetrySeconds: 0,
    ...options,
    handle: (body, { stop }) => handle(body, stop),
  });
  try {
    await waitUntil("the consumer to get there", until);
  } finally {
    controller.abort();
    await consuming;
  }
}

it("a message is handled after a service was away for thirty receives, and is never a dead letter", async () => {
  await send(request());
  let receives = 0;
  await run({
    handle: async () => {
      receives += 1;
      if (receives <= 30) throw new Unavailable("The mail service is away");
      return DONE;
    },
    until: () => receives === 31,
  });
  expect(await queues.deadLetters("jobRequests")).toEqual([]);
  await waitUntil("the message is deleted", async () => (await queues.count("jobRequests")) === 0);
});

it("a message of a later release is handed back for its own workers, and is never a dead letter", async () => {
  const [newer, own] = [{ ...request(), version: 2, shape: "unknown here" }, request()];
  await send(newer);
  await send(own);
  const handled: string[] = [];
  await run({
    handle: async ({ jobId }) => {
      handled.push(jobId);
      return DONE;
    },
    until: () => handled.length === 1,
  });
  await waitUntil("the later one waits again", async () => (await queues.count("jobRequests")) === 1);
  expect(handled).toEqual([own.jobId]);
  expect(await queues.deadLetters("jobRequests")).toEqual([]);
});

it("a failure that does not pass ends in the dead-letter queue after four, with the reason, and holds up nobody", async () => {
  const [bad, good] = [request(), request()];
  await send(bad);
  await send(good);
  const handled: string[] = [];
  await run({
    handle: async ({ jobId }) => {
      handled.push(jobId);
      if (jobId === bad.jobId) throw new TypeError("x is undefined");
      return DONE;
    },
    until: async () => handled.includes(good.jobId) && (await queues.deadLetters("jobRequests")).length === 1,
  });
  expect(handled.filter((jobId) => jobId === bad.jobId)).toHaveLength(4);
  expect(await queues.deadLetters("jobRequests")).toEqual([
    { body: JSON.stringify(bad), reason: "Failed 4 times, at last with: x is undefined" },
  ]);
});

it("failures that pass between those that do not are not counted", async () => {
  await send(request());
  let receives = 0;
  await run({
    handle: async () => {
      receives += 1;
      throw receives % 3 === 0 ? new TypeError("x is undefined") : new Unavailable("away");
    },
    until: async () => (await queues.deadLetters("jobRequests")).length === 1,
  });
  expect(receives).toBe(12);
});

it.each([
  ["that is not JSON", "not json", "The body is not JSON."],
  ["of another queue", JSON.stringify({ version: 1, userId: 7 }), "jobId"],
  ["of no version that ever was", JSON.stringify({ ...request(), version: 0 }), "version"],
])("a body %s is set aside at once, with the reason, without being handled", async (_, body, reason) => {
  await send(body);
  let handled = 0;
  await run({
    handle: async () => {
      handled += 1;
      return DONE;
    },
    until: async () => (await queues.deadLetters("jobRequests")).length === 1,
  });
  expect(handled).toBe(0);
  const [letter] = await queues.deadLetters("jobRequests");
  expect(letter?.body).toBe(body);
  expect(letter?.reason).toContain(reason);
});

it("a handler may say that its message can never succeed", async () => {
  await send(request());
  let handled = 0;
  await run({
    handle: async () => {
      handled += 1;
      return { kind: "never", reason: "The address\u0000 does not exist." };
    },
    until: async () => (await queues.deadLetters("jobRequests")).length === 1,
  });
  expect(handled).toBe(1);
  expect((await queues.deadLetters("jobRequests"))[0]?.reason).toBe("The address? does not exist.");
});

it("a message is held while its handler works longer than the visibility timeout", async () => {
  await send(request());
  let starts = 0;
  let finished = false;
  await run({
    handle: async () => {
      starts += 1;
      const end = Date.now() + 3_500;
      await waitUntil("longer than the timeout of 2 s", () => Date.now() > end);
      finished = true;
      return DONE;
    },
    until: () => finished,
  });
  expect(starts).toBe(1);
  expect(await queues.count("jobRequests")).toBe(0);
});

it("a message whose consumer stops is seen by the next one at once", async () => {
  await send(request());
  let started = false;
  await run({
    handle: async (_, stop) => {
      started = true;
      await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
      throw new Error("The worker stops");
    },
    until: () => started,
  });
  expect(await queues.bodies("jobRequests")).toHaveLength(1);
});

it("a draining worker takes no message", async () => {
  await send(request());
  let draining = true;
  let handledWhileDraining = false;
  let handled = false;
  let looks = 0;
  await run({
    handle: async () => {
      handledWhileDraining = draining;
      handled = true;
      return DONE;
    },
    isDraining: () => {
      looks += 1;
      if (looks > 3) draining = false;
      return draining;
    },
    until: () => handled,
  });
  expect(handledWhileDraining).toBe(false);
});
