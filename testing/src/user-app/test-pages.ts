import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutBucketCorsCommand } from "@aws-sdk/client-s3";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { findFreePort } from "../local-cloud/free-port.ts";
import { launchBrowser, openTestPage, type PageOptions, type Session } from "../system/browser.ts";
import { type Cloud, startTestApp, TEST_PASSWORD, type TestApp } from "./test-app.ts";

/** user-app with its pages' scripts and styles, and a browser to look at it. */
export interface TestPages extends AsyncDisposable {
  readonly app: TestApp;
  readonly browser: Browser;
  /** A page in a context of its own, signed in when a name is given; the test fails when a script of the page did. */
  open(options?: PageOptions & { readonly as?: string }): Promise<Page>;
}

/** Takes the cloud over: disposing of the pages ends it too. */
export async function startTestPages(cloud: Cloud, environment: Record<string, string> = {}): Promise<TestPages> {
  const distFolder = await mkdtemp(join(tmpdir(), "user-app-"));
  const configFile = join(import.meta.dirname, "../../../user-app/vite.config.ts");
  await build({ configFile, logLevel: "error", build: { outDir: distFolder, emptyOutDir: true } });
  const port = await findFreePort();
  const PUBLIC_URL = `http://127.0.0.1:${port}`;
  const app = await startTestApp(cloud, { PUBLIC_URL, ...environment }, { port, distFolder });
  await app.s3.send(
    new PutBucketCorsCommand({
      Bucket: "test-inputs",
      CORSConfiguration: {
        CORSRules: [
          { AllowedMethods: ["POST"], AllowedOrigins: [app.origin], AllowedHeaders: ["*"], ExposeHeaders: ["ETag"] },
        ],
      },
    }),
  );
  const browser = await launchBrowser();
  const sessions = new Map<string, Session>();
  return {
    app,
    browser,
    async open({ as, ...options } = {}) {
      const page = await openTestPage(browser, { session: sessions.get(as ?? ""), ...options });
      if (as === undefined || sessions.has(as)) return page;
      await page.goto(`${app.origin}/login`);
      await page.fill("[name=username]", as);
      await page.fill("[name=password]", TEST_PASSWORD);
      await page.click("main button[type=submit]");
      await page.waitForURL((url) => url.pathname !== "/login");
      sessions.set(as, await page.context().storageState());
      return page;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await app[Symbol.asyncDispose]();
      await rm(distFolder, { recursive: true });
    },
  };
}
