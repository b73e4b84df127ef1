import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ensureLocalCredentials, parseCredentials } from "./credentials.ts";

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "credentials-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("several callers at once get the same new key", async () => {
  const folder = join(await temporaryFolder(), "new");
  const [first, ...others] = await Promise.all(Array.from({ length: 8 }, () => ensureLocalCredentials(folder)));
  expect(others).toEqual(others.map(() => first));
  expect(first?.accessKeyId).toMatch(/^LCAL[\dA-F]{16}$/);
  expect(first?.secretAccessKey).toHaveLength(40);
  expect(await ensureLocalCredentials(folder)).toEqual(first);
});

test("a file that people wrote is read, other profiles are not", async () => {
  const folder = await temporaryFolder();
  await writeFile(
    join(folder, "credentials"),
    "# mine\n[other]\naws_access_key_id=X\n[ default ]\r\n aws_access_key_id=A1\naws_secret_access_key =  b+/=\n",
  );
  expect(await ensureLocalCredentials(folder)).toEqual({ accessKeyId: "A1", secretAccessKey: "b+/=" });
});

test("a file without a key says so instead of being replaced", () => {
  expect(() => parseCredentials("[default]\naws_access_key_id = A\n", "/x/credentials")).toThrow(
    "/x/credentials has no aws_access_key_id and aws_secret_access_key in [default]",
  );
});
