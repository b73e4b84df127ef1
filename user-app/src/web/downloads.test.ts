import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { serve } from "@elastic-gas/shared/web/serve";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { type Browser, startTestApp, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { createDownloads } from "./downloads.ts";

/** More than what lies between an app and a reader takes in. */
const PHOTO = Buffer.alloc(24 * 2 ** 20);
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await startTestCloud());
});
afterAll(() => app?.[Symbol.asyncDispose]());

async function ownerOfPhoto(username: string): Promise<{ readonly browser: Browser; readonly path: string }> {
  const userId = await app.makeUser(username);
  const id = randomUUID();
  const key = `test/${userId}/${id}/original.jpg`;
  await app.s3.send(new PutObjectCommand({ Bucket: "test-images", Key: key, Body: PHOTO }));
  const picture = { fileName: "a.jpg", contentType: "image/jpeg", width: 1, height: 1, sizeBytes: PHOTO.length };
  const faces = { faces: 0, masked: 0, unmasked: 0, boxes: "[]" };
  await app.db
    .insertInto("images")
    .values({ id, userId, ...picture, ...faces, originalKey: key, annotatedKey: key, thumbnailKey: key })
    .execute();
  return { browser: await app.signedIn(username), path: `/masks/${id}/original` };
}

/** Asks for a path, reads the beginning of the answer, and takes nothing more. */
async function readSlowly({ browser, path }: { readonly browser: Browser; readonly path: string }): Promise<number> {
  const { hostname, port } = new URL(app.origin);
  const socket: Socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: here\r\nCookie: ${cookie}\r\n\r\n`);
  const [first] = await once(socket, "data");
  socket.pause();
  return Number(String(first).split(" ")[1]);
}

it("keeps uploads and pages going while all that can download take nothing of it", async () => {
  const owners = await Promise.all(["slow-1", "slow-2", "slow-3", "slow-4"].map(ownerOfPhoto));
  const perOwner = Array.from({ length: 17 }, (_, n) => n);
  const [first, second, third, fourth] = owners;
  const statuses: number[] = [];
  for (const owner of [first, second, third]) {
    if (owner === undefined) throw new Error("There are four owners");
    statuses.push(...(await Promise.all(perOwner.map(() => readSlowly(owner)))));
  }
  // Sixteen of one person, and no more.
  expect(statuses.toSorted()).toEqual([...Array(48).fill(200), 429, 429, 429]);
  expect((await fourth?.browser.get(fourth.path))?.status).toBe(503);
  // Lists of photos show more at once than a person may download.
  expect((await fourth?.browser.get(fourth.path.replace("original", "thumbnail")))?.status).toBe(200);

  await app.makeUser("worker");
  const worker = await app.signedIn("worker");
  await worker.get("/annotate");
  const text = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t100\t.\tA\tG\t.\t.\t.\n";
  expect((await worker.submit("/annotate/paste", { text })).status).toBe(303);
});

it("gives a place back when its answer is over, and ends an answer that nobody takes", async () => {
  const downloads = createDownloads(app.s3, { stallMs: 50 });
  const open: ServerResponse[] = [];
  const listening = await serve(
    (_req, res) => {
      downloads.begin(res, 7);
      open.push(res);
      res.write(PHOTO);
    },
    { host: "127.0.0.1", port: 0 },
  );
  onTestFinished(() => listening.close(0));
  for (let round = 1; round <= 20; round += 1) {
    const socket = connect(listening.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
    socket.pause();
    await waitUntil("the server closes the answer", () => open.length === round && open.every((res) => res.destroyed));
    socket.destroy();
  }
});
