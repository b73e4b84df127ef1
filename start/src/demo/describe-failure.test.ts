import { findFreePort } from "@elastic-gas/shared/free-port";
import { expect, it } from "vitest";
import { describeFailure } from "./describe-failure.ts";

it("names the address that a fetch could not reach", async () => {
  const port = await findFreePort();
  const failure = await fetch(`http://127.0.0.1:${port}/`).catch((error: unknown) => error);
  expect(describeFailure(failure)).toBe(`fetch failed: connect ECONNREFUSED 127.0.0.1:${port}`);
});

it("is the message alone where there is no cause", () => {
  expect(describeFailure(new Error("The file is gone."))).toBe("The file is gone.");
  expect(describeFailure("gone")).toBe("gone");
});
