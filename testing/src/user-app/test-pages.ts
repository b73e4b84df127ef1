import { join } from "node:path";
import { PutBucketCorsCommand } from "@aws-sdk/client-s3";
import { findFreePort } from "@elastic-gas/shared/free-port";
import type { Browser, Page } from "playwright-core";
import {
  launchBrowser,
  openPage,
  openTestPage,
  type PageOptions,
  type Session,
  type WatchedPage,
} from "../system/browser.ts";
import { type Cloud, startTestApp, TEST_PASSWORD, type TestApp } from "./test-app.ts";

/** user-app with its pages' scripts and styles, and a browser to look at it. */
export interface TestPages extends AsyncDisposable {
  readonly app: TestApp;
  readonly browser: Browser;
  /** A page in a context of its own, signed in when a name is given; the test fails when a script of the page did. */
  open(options?: PageOptions & { readonly as?: string }): Promise<Page>;
  /** A page for many tests, signed in when a name is given: a new page costs more than most that is looked at on it. */
  openForMany(as?: string): Promise<WatchedPage>;
}

/** Takes the cloud over: disposing of the pages ends it too. */
export async function startTestPages(cloud: Cloud, environment: Record<string, string> = {}): Promise<TestPages> {
  const distFolder = join(import.meta.dirname, "../../../user-app/dist");
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
  const signIn = async (page: Page, as: string | undefined): Promise<void> => {
    if (as === undefined || sessions.has(as)) return;
    await page.goto(`${app.origin}/login`);
    await page.fill("[name=username]", as);
    await page.fill("[name=password]", TEST_PASSWORD);
    await page.click("main button[type=submit]");
    await page.waitForURL((url) => url.pathname !== "/login");
    sessions.set(as, await page.context().storageState());
  };
  return {
    app,
    browser,
    async open({ as, ...options } = {}) {
      const page = await openTestPage(browser, { session: sessions.get(as ?? ""), ...options });
      await signIn(page, as);
      return page;
    },
    async openForMany(as) {
      const opened = await openPage(browser, { session: sessions.get(as ?? "") });
      await signIn(opened.page, as);
      return opened;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await app[Symbol.asyncDispose]();
    },
  };
}
