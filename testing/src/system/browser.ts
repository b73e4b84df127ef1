import { access } from "node:fs/promises";
import { type Browser, chromium } from "playwright-core";

/** Debian's Chromium, headless, without its attempts to reach the outside. */
export async function launchBrowser(): Promise<Browser & AsyncDisposable> {
  const executablePath = "/usr/bin/chromium";
  await access(executablePath);
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return browser;
}
