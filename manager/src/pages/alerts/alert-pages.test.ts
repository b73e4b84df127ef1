import { startTestDashboard } from "@elastic-gas/testing/manager/test-dashboard";
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

it("fits a phone, also with the buttons of a queue whose messages could not be handled", async () => {
  await using dashboard = await startTestDashboard();
  const outcome = "The message was set aside.";
  await dashboard.manager.db
    .insertInto("deadLetters")
    .values({ queue: "jobResults", messageId: "m1", body: '{"version":1}', outcome, reason: null, resolvedAt: null })
    .execute();
  const page = await dashboard.open({ path: "/alerts", width: 360 });
  await page.waitForSelector("button:text('jobResults: looked after')");
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(beyond).toBe(0);
});
