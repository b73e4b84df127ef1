import { expect, it } from "vitest";
import { waitingAlerts } from "./waiting-alerts.ts";
import { WAITING_KINDS } from "./waiting-work.ts";

const now = Date.UTC(2026, 8, 7, 14, 2);

it("say how many, since when and what to do, for one and for many of each kind", () => {
  const words = (count: number) =>
    waitingAlerts({ now, waitingWork: WAITING_KINDS.map((kind) => ({ kind, count, since: now - 420_000 })) });
  expect(words(1).map(({ start }) => start.replaceAll("\u00a0", " "))).toEqual([
    "1 message not sent, the oldest for 7 min.",
    "1 job put off again and again, the oldest for 7 min.",
    "1 e-mail about ended jobs not sent, the oldest for 7 min.",
    "1 result due for the archive and not moved, the oldest for 7 min.",
    "1 archived result of Premium users not requested from the archive, the oldest for 7 min.",
    "1 retrieval from the archive not looked at, the oldest for 7 min.",
    "1 unreferenced object not deleted, the oldest for 7 min.",
    "1 subscription past the end of its paid period without news from Stripe, the oldest for 7 min.",
  ]);
  for (const alert of words(1_200)) {
    expect(alert.start).toMatch(/^1,200 [\w-]+( \w+)*s /);
    expect(alert.at).toBe(now - 420_000);
    expect(alert.remedy).toMatch(/^Check /);
    expect(`${alert.text} ${alert.remedy}`).toMatch(/SQS|S3|SES|Glacier|Stripe/);
  }
  expect(new Set(words(1).map(({ id }) => id)).size).toBe(WAITING_KINDS.length);
});
