import { startTestManager, TestBrowser } from "@elastic-gas/testing/manager/test-manager";
import { expect, it } from "vitest";

it("says of each message that could not be handled what became of it, and why", async () => {
  await using manager = await startTestManager();
  await manager.db
    .insertInto("deadLetters")
    .values({
      queue: "jobResults",
      messageId: "m1",
      body: '{"version":1}',
      outcome: "The message was set aside.",
      reason: "The body is not a message of this queue: ✖ Invalid UUID\n  → at jobId",
      resolvedAt: null,
    })
    .execute();
  const browser = new TestBrowser(manager.url);
  await browser.signIn();
  const page = await (await browser.get("/alerts")).text();
  expect(page).toContain("The message was set aside.");
  expect(page).toContain("The body is not a message of this queue: ✖ Invalid UUID → at jobId");
});
