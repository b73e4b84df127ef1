import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { createStallableProxy, type StallableProxy } from "@elastic-gas/testing/stallable-proxy";
import { startTestApp, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { scriptedPhoto } from "@elastic-gas/testing/user-app/test-detector";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, expect, it } from "vitest";

let app: TestApp;
let proxy: StallableProxy;
beforeAll(async () => {
  proxy = await createStallableProxy(Number(new URL(process.env.TEST_DATABASE_SERVER ?? "").port));
  app = await startTestApp(await startTestCloud(), {}, { databasePort: proxy.port });
});
afterAll(async () => {
  proxy?.resume();
  await app?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
});

it("answers 503 to pages and to the API while the database is frozen, stays alive, and serves again by itself", async () => {
  await app.makeUser("frozen");
  const browser = await app.signedIn("frozen");
  proxy.stall();
  // More than there are connections; nothing is resumed before all of them have their answer.
  const pages = await Promise.all(Array.from({ length: 20 }, () => browser.get("/annotations")));
  expect(pages.map(({ status }) => status)).toEqual(Array(20).fill(503));
  expect(pages[0]?.headers.get("retry-after")).toBe("5");
  expect(pages[0]?.text).toContain("does not answer");
  const form = new FormData();
  form.append("username", "somebody");
  form.append("password", "pass");
  const api = await fetch(`${app.origin}/api/register`, { method: "POST", body: form });
  expect(api.status).toBe(503);
  expect(await api.json()).toEqual({ success: false, error: { code: 503, message: expect.any(String) } });
  expect((await fetch(`${app.origin}/healthz`)).status).toBe(200);
  proxy.resume();
  await waitUntil("the page comes again", async () => (await browser.get("/annotations")).status === 200);
});

it("refuses a photo that would wait too long without asking the database", async () => {
  app.detector.busySeconds = 12;
  proxy.stall();
  const form = new FormData();
  form.append("file", new Blob([Uint8Array.from(scriptedPhoto(1, 1))]), "one.jpg");
  const refused = await fetch(`${app.origin}/api/upload`, { method: "POST", body: form });
  expect(await refused.json()).toMatchObject({ error: { message: expect.stringContaining("The detector is busy.") } });
  expect(refused.headers.get("retry-after")).toBe("12");
  proxy.resume();
  app.detector.reset();
});

it("keeps its metrics to this machine, and says nosniff everywhere", async () => {
  expect((await fetch(`${app.origin}/metrics`)).status).toBe(200);
  const forwarded = await fetch(`${app.origin}/metrics`, { headers: { "x-forwarded-for": "203.0.113.7" } });
  expect(forwarded.status).toBe(403);
  for (const path of ["/healthz", "/readyz", "/metrics", "/favicon.svg", "/nothing", "/api/nothing", "/help"]) {
    expect((await fetch(app.origin + path)).headers.get("x-content-type-options"), path).toBe("nosniff");
  }
});
