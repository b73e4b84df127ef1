import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Browser, Dialog, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectDatabase, type Database } from "../shared/src/database/connect.ts";
import { launchBrowser } from "../testing/src/system/browser.ts";
import { clientOf } from "../testing/src/system/clients.ts";
import { openDashboard, untilLive } from "../testing/src/system/dashboard.ts";
import { type RunningSystem, SAMPLES, startSystem } from "../testing/src/system/system.ts";
import { waitUntil } from "../testing/src/wait-until.ts";

const PHOTO = join(SAMPLES, "pictures/no-face.jpg");
const LONG_MS = 90_000;

let system: RunningSystem;
let browser: Browser;
let db: Database;

beforeAll(async () => {
  system = await startSystem();
  browser = await launchBrowser();
  db = connectDatabase({ url: await system.databaseUrl(), connectionLimit: 2 });
  await sendNonsense();
});
afterAll(async () => {
  await db?.destroy();
  await browser?.close();
  await system?.[Symbol.asyncDispose]();
});

/** A message that no part can read; after four receives it is a dead letter, which takes a while. */
async function sendNonsense(): Promise<void> {
  const sqs = await clientOf(SQSClient, system);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: `${system.prefix}-job-results` }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "no JSON" }));
  sqs.destroy();
}

/** Of all pools, those that have not ended. */
async function countInstances(): Promise<number> {
  const ec2 = await clientOf(EC2Client, system);
  const Filters = [{ Name: "instance-state-name", Values: ["pending", "running", "shutting-down"] }];
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters }));
  ec2.destroy();
  return Reservations.flatMap(({ Instances = [] }) => Instances).length;
}

async function open(path: string): Promise<Page> {
  return openDashboard(browser, system, { path, mayFail: true });
}

/** Whether user-app or the manager takes these credentials. */
async function canSignIn(origin: string, username: string, password: string): Promise<boolean> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${origin}/login`);
    await page.fill('main input[name="username"]', username);
    await page.fill('main input[name="password"]', password);
    await page.click('main form button[type="submit"]');
    await page.waitForSelector("[role=alert], summary[aria-label^=Account]");
    return new URL(page.url()).pathname !== "/login";
  } finally {
    await context.close();
  }
}

describe("users", () => {
  async function choose(page: Page, username: string, item: string): Promise<void> {
    const accept = (dialog: Dialog): void => void dialog.accept();
    page.once("dialog", accept);
    await page.getByLabel(`Menu of ${username}`).click();
    const row = page.locator("tr", { has: page.getByLabel(`Menu of ${username}`) });
    await row.locator(".eg-menu-list button", { hasText: item }).click();
    page.off("dialog", accept);
  }
  const noticed = async (page: Page, words: string): Promise<string> => {
    await page.waitForSelector(`[role=status]:has-text("${words}")`);
    return (await page.textContent(`[role=status]:has-text("${words}")`)) ?? "";
  };

  test("are refused with the reason beside the field, and what was typed stays", async () => {
    const page = await open("/users");
    for (const [username, email, password, field, reason] of [
      ["admin", "", "", "username", "This name, or one that looks like it, is taken."],
      ["anna", "", "short", "password", "8"],
      ["anna", "anna@nowhere", "", "email", "mail"],
      ["no good\tname", "", "", "username", ""],
    ] as const) {
      await page.fill("#new-username", username);
      await page.fill("#new-email", email);
      await page.fill("#new-password", password);
      await page.click("button:text-is('Create user')");
      const error = page.locator(`#new-${field}-error`);
      await error.filter({ hasText: reason === "" ? /\S/ : reason }).waitFor();
      expect(await page.getAttribute(`#new-${field}`, "aria-invalid")).toBe("true");
      expect(await page.getAttribute(`#new-${field}`, "aria-describedby")).toContain(`new-${field}-error`);
      if (field !== "username") expect(await page.inputValue("#new-username")).toBe(username);
    }
  });

  test("are made, get a new password, become administrators and stop being one, and are deleted", async () => {
    const page = await open("/users");
    await page.fill("#new-username", "anna");
    await page.fill("#new-email", "anna@example.org");
    const first = "anna's first password";
    await page.fill("#new-password", first);
    await page.click("button:text-is('Create user')");
    await noticed(page, "anna was created with the password that you chose.");
    expect(await canSignIn(system.userAppUrl, "anna", first)).toBe(true);
    expect(await canSignIn(system.managerUrl, "anna", first)).toBe(false);

    await choose(page, "anna", "New password");
    const second = /Password: (\w{20})/.exec(await noticed(page, "anna has a new password."))?.[1] ?? "";
    expect(second).not.toBe("");
    await page.reload();
    expect(await page.textContent("main")).not.toContain(second);
    expect(await canSignIn(system.userAppUrl, "anna", first)).toBe(false);

    await choose(page, "anna", "Make administrator");
    await noticed(page, "anna is now an administrator.");
    expect(await canSignIn(system.managerUrl, "anna", second)).toBe(true);
    await choose(page, "anna", "No longer administrator");
    await noticed(page, "anna is no longer an administrator.");

    await page.fill("#filter", "example.org");
    await page.keyboard.press("Enter");
    await page.waitForURL(/filter=example.org/);
    expect(await page.locator("tbody tr").count()).toBe(1);
    await choose(page, "anna", "Delete");
    await noticed(page, "anna was deleted");
    expect(await page.locator("tbody").textContent()).not.toContain("anna");
  });

  test("keep at least one administrator", async () => {
    const page = await open("/users");
    await choose(page, "admin", "No longer administrator");
    await page.waitForSelector("h1:has-text('admin is the last administrator.')");
  });

  test("appear in the audit log with who did it, to read, filter and download", async () => {
    const page = await open("/audit");
    const text = (await page.locator("tbody").textContent()) ?? "";
    for (const action of ["user.create", "user.password", "user.admin", "user.not-admin", "user.delete", "sign-in"]) {
      expect(text).toContain(action);
    }
    await page.fill("#filter", "user.delete");
    await page.keyboard.press("Enter");
    await page.waitForURL(/filter=user.delete/);
    expect(await page.locator("tbody tr").count()).toBe(1);
    expect(await page.locator("tbody tr td").allTextContents()).toEqual(
      expect.arrayContaining(["admin", "deleted an account user.delete", "anna"]),
    );
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("a:text('CSV')")]);
    const lines = readFileSync(await download.path(), "utf8")
      .trimEnd()
      .split("\r\n");
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/,admin,user\.delete,anna,/);
  });
});

test("an API token is shown once, reads but does not operate, and ends when it is revoked", async () => {
  const page = await open("/tokens");
  await page.fill("#token-name", "story");
  await page.click("button:text-is('Create token')");
  await page.waitForSelector("text=shown only now");
  await page.click("[data-copy]");
  await page.waitForSelector(".toast-line");
  const token = await page.evaluate(() => navigator.clipboard.readText());
  expect(token.length).toBeGreaterThan(20);
  const call = (method: string, path: string): Promise<Response> =>
    fetch(`${system.managerUrl}/api/v1${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  const pools: unknown = await (await call("GET", "/pools")).json();
  expect(pools).toEqual(expect.arrayContaining([expect.objectContaining({ name: "web" })]));
  expect((await call("POST", "/pools/web/grow")).status).toBe(403);
  await page.reload();
  expect(await page.textContent("main")).not.toContain(token);
  page.once("dialog", (dialog) => void dialog.accept());
  await page.click("tr:has-text('story') button:text-is('Revoke')");
  await page.waitForSelector("[role=status]:has-text('story was revoked.')");
  await page.waitForSelector("tr:has-text('story') .eg-chip:text('revoked')");
  expect((await call("GET", "/pools")).status).toBe(401);
});

test("the theme is the reader's choice and stays it", async () => {
  const page = await open("/");
  const theme = (): Promise<string | null> => page.getAttribute("html", "data-bs-theme");
  expect(await theme()).toBe("light");
  await page.click("[data-theme-toggle]");
  await waitUntil("the dark theme", async () => (await theme()) === "dark");
  await page.goto(`${system.managerUrl}/workers`);
  expect(await theme()).toBe("dark");
});

test("keys reach filter, pools, ranges, pause and help; off in fields, and as a whole", async () => {
  const page = await open("/workers");
  await page.keyboard.press("/");
  await page.keyboard.type("?gar");
  expect(await page.inputValue("#filter")).toBe("?gar");
  await page.goto(system.managerUrl);
  await untilLive(page);
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.waitForURL(/pool=annotator/);
  await untilLive(page);
  await page.keyboard.press("r");
  await page.waitForURL(/pool=annotator&range=3h/);
  await untilLive(page);
  const asked: string[] = [];
  page.once("dialog", (dialog) => {
    asked.push(dialog.message());
    void dialog.dismiss();
  });
  await page.keyboard.press("p");
  expect(asked).toEqual(["Pause the policy of annotator?"]);
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open] h2:text('Keyboard shortcuts')");
  await page.uncheck("dialog input");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog[open]", { state: "detached" }).catch(() => {});
  await page.keyboard.press("g");
  await page.keyboard.press("w");
  await page.keyboard.press("?");
  expect(await page.isVisible("dialog[open]")).toBe(false);
  expect(page.url()).toContain("pool=annotator");
});

test("signing out ends the session, and what it has open elsewhere", async () => {
  const page = await open("/");
  const second = await page.context().newPage();
  await second.goto(`${system.managerUrl}/workers`);
  await untilLive(second);
  await page.click("summary[aria-label='Account of admin']");
  await page.click("button:has-text('Sign out')");
  await page.waitForURL(/\/login/);
  await second.waitForURL(/\/login\?next=%2Fworkers/, { timeout: LONG_MS });
  await page.goBack().catch(() => null);
  await page.goto(`${system.managerUrl}/users`);
  expect(new URL(page.url()).pathname).toBe("/login");
});

test("a session that has expired says so at the next click, and the page asks to sign in", async () => {
  const page = await open("/?pool=web");
  await db.deleteFrom("managerSessions").execute();
  await page.getByRole("button", { name: "Grow web by 1" }).click();
  await page.waitForSelector(".toast-line:has-text('You are signed out, so nothing was changed.')");
  await page.waitForURL(/\/login\?next=/, { timeout: LONG_MS });
  await page.fill("#username", system.admin.username);
  await page.fill("#password", system.admin.password);
  await page.click("main button[type=submit]");
  await page.waitForURL(`${system.managerUrl}/?pool=web`);
  await page.waitForSelector('[data-pool="web"] :text-is("of 1 in service")');
});

test("a message that nobody can handle becomes an alert, which a person marks as looked after", async () => {
  const page = await open("/alerts");
  await page.waitForSelector('[data-part="alerts"] :text-matches("job-?results", "i")', { timeout: 200_000 });
  await page.reload();
  await page.waitForSelector("#dead-letters code:text('no JSON')");
  expect(Number(await page.textContent("[data-side-count='alerts']"))).toBeGreaterThan(0);
  await page.click("#dead-letters button:has-text('looked after')");
  await page.waitForSelector("[role=status]:has-text('marked as looked after')");
  await page.waitForSelector('[data-part="alerts"] :text-matches("job-?results", "i")', { state: "detached" });
  expect(await page.isVisible("#dead-letters")).toBe(false);
});

test("all data are deleted after the word and the password, with numbers; administrators stay", async () => {
  const register = async (username: string): Promise<number> =>
    (
      await fetch(`${system.userAppUrl}/api/register`, {
        method: "POST",
        body: new URLSearchParams({ username, password: "pass" }),
      })
    ).status;
  expect(await register("ta-1")).toBe(200);
  expect(await register("ta-2")).toBe(200);
  const form = new FormData();
  form.set("file", new Blob([readFileSync(PHOTO)]), "photo.jpg");
  form.set("username", "ta-1");
  form.set("password", "pass");
  expect((await fetch(`${system.userAppUrl}/api/upload`, { method: "POST", body: form })).status).toBe(200);
  const page = await open("/settings/delete");
  const users = page.locator("tr", { hasText: "Users, without the 1 administrator" });
  expect(await users.locator("td").nth(1).textContent()).toBe("2");
  const photos = page.locator("tr", { hasText: "Photos, their frames and thumbnails" });
  expect(await photos.locator("td").nth(2).textContent()).toBe("3");
  const button = page.locator("[data-typed-button]");
  expect(await button.textContent()).toMatch(/Delete \d+ rows and \d+ objects?/);

  await page.fill("#word", "delete");
  expect(await button.isDisabled()).toBe(true);
  await page.waitForSelector(".eg-reason:text('Type the word to enable the button.')");
  await page.fill("#password", system.admin.password);
  await page.locator("[data-typed-form]").evaluate((form: HTMLFormElement) => form.submit());
  await page.waitForSelector("#word-error:text('Type DELETE to confirm.')");

  await page.fill("#word", "DELETE");
  await page.fill("#password", "wrong");
  await button.click();
  await page.waitForSelector("#password-error:text('This is not your password.')");
  expect(await db.selectFrom("users").select("id").execute()).toHaveLength(3);

  await page.fill("#word", "DELETE");
  await page.fill("#password", system.admin.password);
  await button.click();
  await page.waitForSelector(".eg-note-ok:has-text('Deleted')", { timeout: LONG_MS });
  expect(await page.textContent(".eg-note-ok")).toMatch(/Deleted \d+ rows and \d+ objects?, asked by admin/);
  await page.goto(`${system.managerUrl}/users`);
  expect(await page.locator("tbody tr").count()).toBe(1);
  expect(await page.locator("tbody").textContent()).toContain("admin");
  await waitUntil("the name to be free again", async () => (await register("ta-1")) === 200, { deadlineMs: LONG_MS });
  await page.goto(`${system.managerUrl}/audit?filter=data.delete`);
  expect(await page.locator("tbody tr td").allTextContents()).toEqual(
    expect.arrayContaining(["admin", "started deleting all data data.delete"]),
  );
});

// The last one: nothing runs after it.
test("stopping the manager takes its name, shows the progress, ends all workers and start.sh itself with exit 0", async () => {
  const page = await open("/settings/stop");
  const button = page.locator("[data-typed-button]");
  await waitUntil("the number of EC2's instances", async () => {
    const told = (await button.textContent()) ?? "";
    return told.includes(`Stop manager and ${await countInstances()} workers`);
  });
  await page.fill("#word", "gas");
  expect(await button.isDisabled()).toBe(true);
  await page.locator("[data-typed-form]").evaluate((form: HTMLFormElement) => form.submit());
  await page.waitForSelector("#word-error:text('Type dev-gas to confirm.')");
  await page.fill("#word", "dev-gas");
  await button.click();
  await page.waitForSelector("h2:text('Stopping')");
  await page.locator(".eg-progress-words", { hasText: /of \d+ workers terminated/ }).waitFor();
  const exit = new Promise<number | null>((resolve) => system.child.once("exit", resolve));
  await page.waitForSelector("h2:has-text('The manager has stopped')", { timeout: 120_000 });
  expect(await exit).toBe(0);
});
