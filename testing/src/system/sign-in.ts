import type { Page } from "playwright-core";

export interface Account {
  readonly username: string;
  readonly password: string;
}

/** Fills in the sign-in form of manager or user-app and waits for the page behind it. */
export async function signIn(page: Page, origin: string, { username, password }: Account): Promise<void> {
  await page.goto(`${origin}/login`);
  await page.fill('main input[name="username"]', username);
  await page.fill('main input[name="password"]', password);
  await page.click('main form button[type="submit"]');
  await page.waitForURL((url) => url.pathname !== "/login");
}
