import { DELETION_SETTING } from "@elastic-gas/shared/database/tables";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { startTestApp } from "@elastic-gas/testing/user-app/test-app";
import { expect, test } from "vitest";

test("while all data are deleted uploads get 503 and are told to come back; pages and other requests go on", async () => {
  await using app = await startTestApp(await startTestCloud());
  const upload = () => fetch(`${app.origin}/api/upload`, { method: "POST", body: new FormData() });
  expect((await upload()).status).not.toBe(503);

  await app.db.insertInto("settings").values({ name: DELETION_SETTING, value: "admin" }).execute();
  const refused = await upload();
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await refused.json()).toEqual({
    success: false,
    error: { code: 503, message: expect.stringContaining("deleted") },
  });
  expect((await fetch(`${app.origin}/`)).status).toBe(200);

  await app.db.deleteFrom("settings").where("name", "=", DELETION_SETTING).execute();
  expect((await upload()).status).not.toBe(503);
});
