import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openSpool } from "./spool.ts";

it("gives back what was written, and has no name on the disk", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gas-spool-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const spool = await openSpool(folder);
  await spool.write(Buffer.from("one "));
  await spool.write(Buffer.from("two"));
  expect(await readdir(folder)).toEqual([]);
  expect(spool.sizeBytes).toBe(7);
  expect(Buffer.from(await spool.read()).toString()).toBe("one two");
  await spool.close();
});

it("fails with the folder's own error when the folder is not there", async () => {
  await expect(openSpool("/nonexistent")).rejects.toMatchObject({ code: "ENOENT" });
});
