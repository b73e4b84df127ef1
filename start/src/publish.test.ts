import { insertRelease } from "@elastic-gas/shared/releases/releases";
import { findActiveUpdate, findCurrentRelease } from "@elastic-gas/shared/releases/updates";
import { createTestDatabase } from "@elastic-gas/testing/database";
import { CURRENT_RELEASE } from "@elastic-gas/testing/releases";
import { expect, test } from "vitest";
import { useRelease } from "./publish.ts";

test("a start takes its release into use where no worker runs, and updates those that do", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const [first = "", second = "", third = ""] = await Promise.all(
    ["0", "1", "2"].map((digit) =>
      insertRelease(db, { ...CURRENT_RELEASE, sha256: digit.repeat(64) }, { actor: "start.sh", now: new Date() }),
    ),
  );
  const start = (release: string) => useRelease(db, release, { CANARY_SECONDS: 60 });
  expect(await start(first)).toEqual([]);
  await db
    .insertInto("workers")
    .values({
      instanceId: "i-1",
      pool: "web",
      jobId: null,
      drainingAt: null,
      victimReason: null,
      victimEpoch: null,
      registeredAt: null,
      inServiceAt: null,
      unhealthySince: null,
      at: null,
    })
    .execute();
  expect(await start(first)).toEqual([expect.stringMatching(/^ok release {6}Release \w{10} is in use already\.$/)]);
  expect(await start(second)).toEqual([
    expect.stringMatching(/^ok release {6}start\.sh updates the workers \w+ → \w+, one by one\.$/),
  ]);
  expect(await start(third)).toEqual([
    expect.stringMatching(/^!! release {6}Release \w+ is not in use: an update to \w+ is running/),
  ]);
  expect(await findActiveUpdate(db)).toMatchObject({ from: first, to: second, canarySeconds: 60 });
  // All workers were stopped with the system.
  await db.updateTable("workers").set({ draining: true }).execute();
  expect(await start(third)).toEqual([]);
  expect(await findCurrentRelease(db)).toBe(third);
});
