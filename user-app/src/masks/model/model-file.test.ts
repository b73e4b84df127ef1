import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { downloadModel, locateModel, ModelMissing, modelPathIn } from "./model-file.ts";

const CONTENT = Buffer.from("weights ".repeat(1000));
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");

async function serve(status: number, body: Buffer): Promise<string> {
  const server = createServer((_, res) => res.writeHead(status).end(body)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/model`;
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mask-model-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

it("downloads a file whose size and hash are right into its place", async () => {
  const folder = await temporaryFolder();
  const path = modelPathIn(folder);
  await downloadModel(path, { url: await serve(200, CONTENT), sizeBytes: CONTENT.length, sha256: SHA256 });
  expect(await readFile(path)).toEqual(CONTENT);
  expect(await readdir(join(folder, "models"))).toEqual(["face_mask_detection.caffemodel"]);
});

it.each([
  { what: "another hash", status: 200, body: Buffer.from("weirdos ".repeat(1000)) },
  { what: "fewer bytes", status: 200, body: CONTENT.subarray(1) },
  { what: "more bytes", status: 200, body: Buffer.concat([CONTENT, CONTENT]) },
  { what: "an error page", status: 404, body: CONTENT },
])("leaves nothing behind when the server answers with $what", async ({ status, body }) => {
  const folder = await temporaryFolder();
  const file = { url: await serve(status, body), sizeBytes: CONTENT.length, sha256: SHA256 };
  await expect(downloadModel(modelPathIn(folder), file)).rejects.toThrow(ModelMissing);
  expect(await readdir(join(folder, "models"))).toEqual([]);
});

it("says what to do when MASK_MODEL names no file, and downloads nothing then", async () => {
  const folder = await temporaryFolder();
  const missing = locateModel({ maskModel: join(folder, "nowhere"), dataDir: folder });
  await expect(missing).rejects.toThrow(/no file at MASK_MODEL .*An administrator corrects the path/);
  expect(await readdir(folder)).toEqual([]);
});
