import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import express from "express";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundledFiles, compressPages } from "./compression.ts";
import { type Listening, serve } from "./serve.ts";

const SCRIPT = "console.log('a worker of the pool');\n".repeat(100);
let folder: string;
let listening: Listening;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "assets-"));
  await writeFile(join(folder, "main.js"), SCRIPT);
  await writeFile(join(folder, "main.js.br"), brotliCompressSync(SCRIPT));
  await writeFile(join(folder, "main.js.gz"), gzipSync(SCRIPT));
  await writeFile(join(folder, "font.woff2"), "a font");
  const app = express();
  app.use(compressPages());
  app.use("/assets", bundledFiles(folder));
  app.get("/page", (_req, res) => res.send(`<!doctype html>${"<p>a line</p>".repeat(500)}`));
  app.get("/short", (_req, res) => res.send("<p>a line</p>"));
  listening = await serve(app, { host: "127.0.0.1", port: 0 });
});
afterAll(async () => {
  await listening.close(0);
  await rm(folder, { recursive: true });
});

/** An answer as it comes over the wire: fetch would unpack it. */
function ask(path: string, accepted: string) {
  return new Promise<{ encoding: string | undefined; body: Buffer; headers: Record<string, unknown> }>(
    (resolve, reject) => {
      const request = get(
        { host: "127.0.0.1", port: listening.port, path, headers: { "accept-encoding": accepted } },
        async (answer) => {
          const parts: Buffer[] = [];
          for await (const part of answer) parts.push(part as Buffer);
          resolve({
            encoding: answer.headers["content-encoding"],
            body: Buffer.concat(parts),
            headers: answer.headers,
          });
        },
      );
      request.on("error", reject);
    },
  );
}

it.each([
  ["gzip, deflate, br, zstd", "br", brotliDecompressSync],
  ["gzip, deflate", "gzip", gunzipSync],
  ["identity", undefined, (body: Buffer) => body],
])("sends a browser that takes %s pages and bundled files as %s", async (accepted, encoding, unpack) => {
  const script = await ask("/assets/main.js", accepted);
  expect(script.encoding).toBe(encoding);
  expect(unpack(script.body).toString()).toBe(SCRIPT);
  expect(script.headers).toMatchObject({
    "content-type": expect.stringMatching(/^text\/javascript; charset=utf-8$/i),
    "cache-control": "public, max-age=31536000, immutable",
    vary: expect.stringContaining("Accept-Encoding"),
  });
  const page = await ask("/page", accepted);
  expect(page.encoding).toBe(encoding);
  expect(unpack(page.body).toString()).toContain("<p>a line</p>");
});

it("sends what is small or packed already as it is", async () => {
  expect((await ask("/short", "br")).encoding).toBeUndefined();
  expect((await ask("/assets/font.woff2", "br")).encoding).toBeUndefined();
});

it("a file that this worker has not is asked of others, up to 14 times, and then is none", async () => {
  const at = (path: string) => fetch(`http://127.0.0.1:${listening.port}${path}`, { redirect: "manual" });
  const first = await at("/assets/main-of-another-version.js");
  expect([first.status, first.headers.get("location"), first.headers.get("cache-control")]).toEqual([
    307,
    "/assets/main-of-another-version.js?asked=1",
    "no-store",
  ]);
  const next = await at("/assets/main-of-another-version.js?asked=1");
  expect(next.headers.get("location")).toBe("/assets/main-of-another-version.js?asked=2");
  expect((await at("/assets/main-of-another-version.js?asked=14")).status).toBe(404);
  expect((await at("/assets/main.js?asked=14")).status).toBe(200);
});
