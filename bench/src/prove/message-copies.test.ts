import { expect, it } from "vitest";
import { firstOfEachJob } from "./message-copies.ts";

it("takes the first message about each job in each queue, once", () => {
  const row = (queue: "jobRequests" | "archive" | "thaw", jobId: string, n = 0) => ({
    queue,
    body: JSON.stringify({ version: 1, jobId, n }),
  });
  const seen = new Map([
    ["jobRequests", new Set<string>()],
    ["archive", new Set<string>()],
  ]);
  const first = firstOfEachJob([row("jobRequests", "a"), row("archive", "a"), row("jobRequests", "a", 1)], seen);
  expect(first).toEqual([row("jobRequests", "a"), row("archive", "a")]);
  const next = firstOfEachJob([row("archive", "a", 2), row("jobRequests", "b"), row("thaw", "a")], seen);
  expect(next).toEqual([row("jobRequests", "b")]);
  expect([...seen.values()].map(({ size }) => size)).toEqual([2, 1]);
});
