import { createTestDatabase } from "@elastic-gas/testing/database";
import { startTestEc2 } from "@elastic-gas/testing/local-cloud/ec2/test-ec2";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, test } from "vitest";
import { connectDatabase } from "../database/connect.ts";
import { createLogger } from "../logger.ts";
import { writeBeat } from "../reliability/heartbeat.ts";
import type { Interruption } from "./interruption.ts";
import { watchInterruption } from "./watch-interruption.ts";

test.each(["web", "annotator", "utility"] as const)(
  "a %s worker notes in its row what EC2 says of its end, and that it was taken back",
  { timeout: 200_000 },
  async (pool) => {
    await using database = await createTestDatabase();
    await using ec2 = await startTestEc2();
    const instanceId = await ec2.run("exec sleep 300");
    await ec2.waitFor(instanceId, "running");
    const record = ec2.service.getInstance(instanceId);
    // As in production: a right that the role lacks fails here.
    const db = connectDatabase({ url: await database.urlOf(pool), connectionLimit: 1 });
    const stop = new AbortController();
    const heard: (Interruption | null)[] = [];
    const watching = watchInterruption({
      db,
      log: createLogger("test", "silent"),
      instanceId,
      endpoint: `http://${record?.privateIpAddress}:${record?.metadataPort}`,
      signal: stop.signal,
      lookMs: 20,
      onChange: (interruption) => heard.push(interruption),
    });
    const stored = async (): Promise<unknown> => {
      const row = await database.db
        .selectFrom("workers")
        .select("interruption")
        .where("instanceId", "=", instanceId)
        .executeTakeFirst();
      return row?.interruption ?? null;
    };

    const at = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000);
    ec2.service.faults.giveNotice(instanceId, { kind: "spot", at });
    await waitUntil("the notice is heard", () => heard.length > 0);
    // Before the first heartbeat there is no row; the notice is not forgotten.
    await writeBeat(db, { instanceId, pool, intervalSeconds: 10, jobId: null });
    await waitUntil("the notice is noted", async () => (await stored()) !== null);
    expect(await stored()).toEqual({ what: "spot", at: at.getTime() });

    ec2.service.faults.withdrawNotice(instanceId);
    await waitUntil("its withdrawal is noted", async () => (await stored()) === null);
    expect(heard.at(-1)).toBeNull();
    stop.abort();
    await watching;
    await db.destroy();
  },
);
