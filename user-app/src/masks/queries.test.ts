import { createUser } from "@elastic-gas/shared/accounts/users";
import { createTestDatabase } from "@elastic-gas/testing/database";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { photoKeys } from "./photo-store.ts";
import { findPhoto, getDataGeneration, insertPhoto, type NewPhoto } from "./queries.ts";

const ID = "0b9f2d0c-6c5e-4d0b-9f6a-1d2f3a4b5c6d";

function photoOf(userId: number): NewPhoto {
  return {
    id: ID,
    userId,
    keys: photoKeys("test", { userId, id: ID, contentType: "image/jpeg" }),
    fileName: "photo.jpg",
    contentType: "image/jpeg",
    width: 400,
    height: 300,
    sizeBytes: 12_345,
    faces: 1,
    masked: 1,
    unmasked: 0,
    boxes: [{ left: 1, top: 2, width: 3, height: 4, masked: true, confidence: 0.9 }],
  };
}

test("a photo is kept with all that is known of it, for a user that there is", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const userId = (await createUser(db, { username: "ada", passwordHash: null })) ?? 0;
  const photo = photoOf(userId);
  expect(await insertPhoto(db, photoOf(userId + 1), await getDataGeneration(db))).toBe(false);
  expect(await insertPhoto(db, photo, await getDataGeneration(db))).toBe(true);
  const { keys, userId: _, ...columns } = photo;
  expect(await findPhoto(db, userId, ID)).toMatchObject({ ...columns, originalKey: keys.original });
});

test("a photo waits for a deletion of all data that is under way, and is not kept after it", async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const userId = (await createUser(db, { username: "ada", passwordHash: null })) ?? 0;
  const generation = await getDataGeneration(db);
  let kept: Promise<boolean> | undefined;
  await db.transaction().execute(async (trx) => {
    await sql`update settings set value = value + 1 where name = 'data_generation'`.execute(trx);
    kept = insertPhoto(db, photoOf(userId), generation);
    await waitUntil("it is under way", async () => {
      const { rows } = await sql`select 1 from information_schema.processlist
        where db = database() and command = 'Query' and info like 'insert into%images%'`.execute(trx);
      return rows.length > 0;
    });
  });
  expect(await kept).toBe(false);
  expect(await findPhoto(db, userId, ID)).toBeUndefined();
});
