import { createUser } from "@elastic-gas/shared/accounts/users";
import { createTestDatabase } from "@elastic-gas/testing/database";
import { expect, it } from "vitest";
import { setAdmin } from "./users.ts";

it("keeps one administrator when two demote each other at the same moment", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const now = new Date();
  const ids: number[] = [];
  for (const username of ["ada", "ben", "cleo"])
    ids.push((await createUser(db, { username, passwordHash: "h", isAdmin: true })) ?? 0);
  const demote = (userId: number) => setAdmin(db, { userId, isAdmin: false, now });
  for (let round = 0; round < 20; round += 1) {
    // In either order.
    const asked = round % 2 === 0 ? ids : ids.toReversed();
    const done = await Promise.all(asked.map(demote));
    expect(done.toSorted()).toEqual([false, true, true]);
    expect(await db.selectFrom("users").select("id").where("isAdmin", "=", true).execute()).toHaveLength(1);
    await db.updateTable("users").set({ isAdmin: true }).execute();
  }
});
