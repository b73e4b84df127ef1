import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, it } from "vitest";
import { type Credentials, keepFresh } from "./credentials.ts";

const key = (accessKeyId: string, lastsMs: number): Credentials => ({
  accessKeyId,
  secretAccessKey: "s",
  expiration: new Date(Date.now() + lastsMs),
});

it("asks again when the source fails, once for all who wait", async () => {
  let asked = 0;
  const credentials = keepFresh(
    async () => {
      asked += 1;
      if (asked < 4) throw new Error("busy");
      return key("first", 3_600_000);
    },
    { pauseMs: 1 },
  );
  const [one, two] = await Promise.all([credentials(), credentials()]);
  expect([one.accessKeyId, two.accessKeyId, asked]).toEqual(["first", "first", 4]);
  expect((await credentials()).accessKeyId).toBe("first");
  expect(asked).toBe(4);
});

it("asks ahead of the end while the old ones still serve, also when that fails at first", async () => {
  const answers = [
    async () => key("old", 60_000),
    async () => Promise.reject(new Error("busy")),
    async () => key("new", 3_600_000),
  ];
  let asked = 0;
  const credentials = keepFresh(async () => (answers[asked++] ?? answers[2])?.() ?? key("none", 0), { pauseMs: 1 });
  expect((await credentials()).accessKeyId).toBe("old");
  expect((await credentials()).accessKeyId).toBe("old");
  await waitUntil("the new ones", async () => (await credentials()).accessKeyId === "new");
  expect(asked).toBe(3);
});

it("waits for new ones when the old ones have run out", async () => {
  const answers = [key("old", -1), key("new", 3_600_000)];
  const credentials = keepFresh(async () => answers.shift() ?? key("none", 0));
  expect((await credentials()).accessKeyId).toBe("old");
  expect((await credentials()).accessKeyId).toBe("new");
});

it("gives up after its time, with the reason", async () => {
  const failing = keepFresh(() => Promise.reject(new Error("no role")), { retryForMs: 5, pauseMs: 1 });
  await expect(failing()).rejects.toMatchObject({ cause: expect.objectContaining({ message: "no role" }) });
});
