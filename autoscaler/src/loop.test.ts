import { waitUntil } from "@elastic-gas/shared/testing/wait-until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestHouse, type TestHouse } from "./build-test-house.ts";
import { runAutoscaler } from "./loop.ts";

describe("the autoscaler against the local cloud", () => {
  let house: TestHouse;
  let stop: AbortController;
  let ended: Promise<"aborted" | "stopped">;

  beforeAll(async () => {
    house = await startTestHouse();
    stop = new AbortController();
    ended = runAutoscaler(house.context, { startId: "run-1", signal: stop.signal });
  });

  afterAll(async () => {
    stop?.abort();
    await ended;
    await house?.[Symbol.asyncDispose]();
  });

  const inService = async (pool: "web" | "annotator"): Promise<readonly string[]> => {
    const rows = await house.db
      .selectFrom("workers")
      .select("instanceId")
      .where("pool", "=", pool)
      .where("inServiceAt", "is not", null)
      .where("draining", "=", false)
      .execute();
    return rows.map(({ instanceId }) => instanceId);
  };

  it("starts with the pools' minimum and brings the web worker into service", async () => {
    await waitUntil("one web worker in service", async () => (await inService("web")).length === 1, {
      deadlineMs: 40_000,
    });
    expect(await house.living("web")).toHaveLength(1);
    expect(await house.living("annotator")).toHaveLength(2);
    expect(await house.living("utility")).toHaveLength(1);
  });
});
