import { randomUUID } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { findPageProblems, visitFirst, type WatchedPage } from "@elastic-gas/testing/system/browser";
import { scriptedPhoto } from "@elastic-gas/testing/user-app/test-detector";
import { startTestPages, type TestPages } from "@elastic-gas/testing/user-app/test-pages";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const VCF =
  "##fileformat=VCFv4.2\n##reference=GRCh38\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t100\t.\tA\tG\t50\tPASS\t.\n";
const LONG_NAME = `${"a-very-long-name-of-a-file-that-nobody-would-choose-".repeat(3)}.vcf`;

let pages: TestPages;
let app: TestPages["app"];
let readerId: number;
/** Ids of the reader's jobs by what became of them. */
const jobs = new Map<string, string>();

beforeAll(async () => {
  pages = await startTestPages(await startTestCloud(), { FREE_RETENTION_SECONDS: "86400" });
  ({ app } = pages);
  readerId = await app.makeUser("reader", { email: "reader@example.org" });
  await app.makeUser("chief", { email: "chief@example.org", isAdmin: true });
  const now = Date.now();
  const ended = { startedAt: new Date(now - 60_000), completedAt: new Date(now - 30_000) };
  await addJob(readerId, "completed", {
    status: "COMPLETED",
    ...ended,
    resultSize: 9,
    summary: JSON.stringify(SUMMARY),
  });
  await addJob(readerId, "failed", {
    status: "FAILED",
    ...ended,
    failure: "The file is empty. Send one with records.",
  });
  await addJob(readerId, "running", {
    status: "RUNNING",
    startedAt: new Date(now),
    progressPercent: 40,
    attempt: 1,
    runningLog: "File: running.vcf\n",
    runningLogAttempt: 1,
  });
  await addJob(readerId, "waiting", { status: "PENDING" });
  await addJob(readerId, "archived", {
    status: "COMPLETED",
    startedAt: new Date(now - 9e6),
    completedAt: new Date(now - 8e6),
    archiveState: "archived",
    archivedAt: new Date(now - 7e6),
  });
});
afterAll(() => pages?.[Symbol.asyncDispose]());

async function addJob(userId: number, what: string, columns: object): Promise<void> {
  const id = randomUUID();
  const [inputKey, resultKey, logKey] = ["in", "out.annot.vcf", "in.count.log"].map(
    (name) => `test/${userId}/${id}~${name}`,
  ) as [string, string, string];
  await app.s3.send(new PutObjectCommand({ Bucket: "test-results", Key: logKey, Body: "Total: 1\nIn genes: 1\n" }));
  await app.s3.send(new PutObjectCommand({ Bucket: "test-results", Key: resultKey, Body: VCF }));
  const inputName = what === "completed" ? LONG_NAME : `${what}.vcf`;
  const files = what === "completed" || what === "archived" ? { resultKey, logKey } : {};
  await app.db
    .insertInto("jobs")
    .values({ id, userId, inputName, inputKey, inputEtag: "e", inputSize: 1_000, ...files, ...columns })
    .execute();
  jobs.set(what, id);
}

const SUMMARY = {
  pack: "human-genes-clinvar-2",
  build: "GRCh38",
  buildReason: "Nothing in the file names a genome build.",
  buildDecision: {
    build: "GRCh38",
    decidedBy: "assumption",
    undecided: true,
    alternatives: ["GRCh37", "NCBI36"],
    warning: "The genome build is not known. Nothing in the file names it; GRCh38 was taken.",
  },
  records: 3,
  inGenes: 2,
  clinvarPathogenic: 1,
  lookedUp: { genes: 3, regions: 3, clinvar: 3 },
  clinvarHeld: null,
  tiTv: 2,
  transitions: 2,
  transversions: 1,
  unmatchedRecords: 0,
  unmatchedContigs: [],
  chromosomes: [
    { name: "chr1", count: 2 },
    { name: "chr2", count: 1 },
  ],
  regions: [{ name: "coding", count: 2 }],
  classes: [{ name: "SNV", count: 3 }],
  substitutions: [{ name: "A>G", count: 3 }],
  indelLengths: [],
  topGenes: [{ name: "BRCA1", count: 2 }],
  warnings: [{ sentence: "1 record could not be parsed and was passed through unchanged: line 4.", count: 1 }],
  firstRecords: [],
  durationMs: 5,
};

/** Every page of a signed-in reader; `:what` stands for the id of that job. */
const OWN_PAGES = [
  "/",
  "/annotate",
  "/annotations",
  "/annotations?q=nothing",
  "/annotations/:completed",
  "/annotations/:completed/log",
  "/annotations/:completed/records",
  "/annotations/:failed",
  "/annotations/:running",
  "/annotations/:running/log",
  "/annotations/:waiting",
  "/annotations/:archived",
  "/masks",
  "/masks/history",
  "/help",
  "/profile",
  "/profile/tokens",
  "/profile/delete",
  "/subscribe",
];
/** Different for an administrator. */
const ADMIN_PAGES = ["/profile", "/admin/users"];
const OPEN_PAGES = ["/", "/login", "/forgot", "/help"];
const withIds = (path: string) => path.replace(/:(\w+)/, (_, what: string) => jobs.get(what) ?? what);

describe("without accessibility violations in both themes, and never scrolled sideways", () => {
  let own: WatchedPage;
  let open: WatchedPage;
  let chief: WatchedPage;
  beforeAll(async () => {
    own = await pages.openForMany("reader");
    open = await pages.openForMany();
    chief = await pages.openForMany("chief");
  });

  it.each(OWN_PAGES)("signed in: %s", async (path) => {
    await own.page.goto(app.origin + withIds(path));
    expect([...(await findPageProblems(own.page)), ...own.problems.splice(0)]).toEqual([]);
  });

  it.each(ADMIN_PAGES)("signed in as an administrator: %s", async (path) => {
    await chief.page.goto(app.origin + path);
    expect([...(await findPageProblems(chief.page)), ...chief.problems.splice(0)]).toEqual([]);
  });

  it.each(OPEN_PAGES)("signed out: %s", async (path) => {
    await open.page.goto(app.origin + path);
    expect([...(await findPageProblems(open.page)), ...open.problems.splice(0)]).toEqual([]);
  });
});

it("the first page sends less than 80 KB, and no page moves while it loads", async () => {
  const page = await pages.open();
  await page.goto(app.origin);
  const first = await visitFirst(page);
  console.info(`first visit of user-app: ${first.bytes} bytes`);
  expect(first.bytes).toBeGreaterThan(30_000);
  expect(first.bytes).toBeLessThan(80_000);
  expect(first.layoutShift).toBeLessThan(0.1);
  const own = await pages.open({ as: "reader" });
  for (const path of ["/annotate", "/annotations", "/annotations/:completed", "/masks"]) {
    await own.goto(app.origin + withIds(path));
    const { layoutShift } = await visitFirst(own);
    expect([path, layoutShift < 0.1]).toEqual([path, true]);
  }
});

it.each(["/annotations", "/annotations/:running", "/annotations/:running/log"])(
  "%s says that it stands still when its script did not come, and not when it did",
  async (path) => {
    const words = "to see what is new.";
    const lost = await pages.open({ as: "reader" });
    // As far as the page can tell, an empty script is none.
    await lost.route("**/assets/main-*.js", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
    await lost.goto(app.origin + withIds(path));
    await lost.getByText(words).first().waitFor({ state: "visible" });

    const whole = await pages.open({ as: "reader" });
    await whole.goto(app.origin + withIds(path));
    await whole.waitForSelector("html[data-script]");
    const shown = await whole
      .locator(".eg-no-script")
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).display));
    expect(new Set(shown)).toEqual(new Set(["none"]));
  },
);

it("a list in which nothing changed is left alone, so that a reader's place in it stays", async () => {
  const page = await pages.open({ as: "reader" });
  await page.clock.install();
  await page.goto(`${app.origin}/annotations`);
  // The reader's clock is never quite the server's, so what is left of a download differs.
  await page.clock.fastForward(7_000);
  const list = page.locator('[data-live-part="list"]');
  expect(await list.locator("[data-countdown-to]").count()).toBeGreaterThan(0);
  await list.evaluate((part) => part.setAttribute("data-mark", "seen"));
  for (let round = 0; round < 3; round += 1) {
    const answer = await page.waitForResponse(`${app.origin}/annotations`);
    await answer.finished();
  }
  expect(await list.getAttribute("data-mark")).toBe("seen");
});

it.each([-10, 10])(
  "what is left of a download is the server's, by a clock that is %i min wrong too",
  async (minutes) => {
    const page = await pages.open({ as: "reader" });
    await page.clock.install({ time: Date.now() + minutes * 60_000 });
    await page.goto(`${app.origin}/annotations/${jobs.get("completed")}`);
    await page.waitForSelector("[data-time-zone]:not(:empty)");
    const shown = page.locator("[data-countdown-to]");
    const left = Date.parse((await shown.getAttribute("data-countdown-to")) ?? "") - Date.now();
    const [hours = 0, mins = 0, seconds = 0] = ((await shown.textContent()) ?? "").split(":").map(Number);
    expect(Math.abs(hours * 3_600 + mins * 60 + seconds - left / 1_000)).toBeLessThan(60);
  },
);

it("a page that stays open over midnight calls no day today that is over", async () => {
  await addJob(readerId, "new", { status: "FAILED", completedAt: new Date(), failure: "The file is empty." });
  const page = await pages.open({ as: "reader" });
  await page.clock.install();
  await page.goto(`${app.origin}/annotations`);
  const requested = page.locator(`tr:has(a[href="/annotations/${jobs.get("new")}"]) .app-job-time`);
  expect(await requested.textContent()).toContain("today");
  // From here on nobody answers.
  await page.route("**/annotations", () => undefined);
  await page.clock.fastForward("24:00:00");
  await expect.poll(() => requested.textContent()).not.toContain("today");
});

it("a list in which something changed keeps the focus, and how far a wide table was scrolled", async () => {
  const page = await pages.open({ as: "reader", width: 600 });
  await page.goto(`${app.origin}/annotations`);
  await page.evaluate(() => document.styleSheets[0]?.insertRule(".app-jobs { min-width: 1000px }"));
  const id = jobs.get("running") ?? "";
  const file = page.locator(`.app-job-file a[href="/annotations/${id}"]`);
  const box = page.locator('[data-live-part="list"] .eg-table-box');
  await file.focus();
  await box.evaluate((each) => each.scrollTo({ left: 40 }));
  await app.db.updateTable("jobs").set({ progressPercent: 73 }).where("id", "=", id).execute();
  await page.waitForSelector(`tr:has(a[href="/annotations/${id}"]) :text("73")`);
  expect(await file.evaluate((each) => each === document.activeElement)).toBe(true);
  expect(await box.evaluate((each) => each.scrollLeft)).toBe(40);
});

it.each([360, 576, 768, 992])("the list of jobs has room at %i px", async (width) => {
  const page = await pages.open({ as: "reader", width });
  await page.goto(`${app.origin}/annotations`);
  const box = page.locator('[data-live-part="list"] .eg-table-box');
  expect(await box.evaluate((each) => each.scrollWidth - each.clientWidth)).toBe(0);
});

describe("the log of a job that runs", () => {
  const HOSTILE = '<img src=x onerror="document.title=1"></pre><script>document.title = 1</script> ä🧬';
  const id = () => jobs.get("running") ?? "";
  const path = (rest = "") => `${app.origin}/annotations/${id()}${rest}`;
  const set = (columns: object) => app.db.updateTable("jobs").set(columns).where("id", "=", id()).execute();
  const log = (lines: number, more = "") => `${"Warning: an odd record\n".repeat(lines)}${more}`;
  const start = (text: string) =>
    set({ status: "RUNNING", attempt: 1, progressPercent: 40, runningLog: text, runningLogAttempt: 1, logKey: null });

  it.each(["", "/log"])("is shown as text and changes in its place, on the page%s", async (rest) => {
    await start(log(200, HOSTILE));
    const page = await pages.open({ as: "reader" });
    await page.goto(path(rest));
    const title = await page.title();
    const shown = page.locator("[data-live-log]");
    expect(await shown.textContent()).toBe(log(200, HOSTILE));
    expect(await page.locator("main").textContent()).toContain("Not finished: the job runs.");
    const scrolled = () => shown.evaluate((each) => each.scrollTop);
    await shown.evaluate((each) => {
      each.scrollTop = 60;
      each.setAttribute("data-mark", "seen");
    });
    await set({ runningLog: log(201, HOSTILE) });
    await page.waitForFunction(
      (text) => document.querySelector("[data-live-log]")?.textContent === text,
      log(201, HOSTILE),
    );
    expect([await scrolled(), await shown.getAttribute("data-mark")]).toEqual([60, "seen"]);
    // Another percentage draws the part again; the reader stays where they are.
    await set({ progressPercent: 41, runningLog: log(202, HOSTILE) });
    await page.waitForFunction(
      (text) => document.querySelector("[data-live-log]")?.textContent === text,
      log(202, HOSTILE),
    );
    expect(await scrolled()).toBe(60);
    // At its end, the log is followed.
    await shown.evaluate((each) => each.scrollTo({ top: each.scrollHeight }));
    await set({ progressPercent: 42, runningLog: log(300, HOSTILE) });
    await page.waitForFunction(
      (text) => document.querySelector("[data-live-log]")?.textContent === text,
      log(300, HOSTILE),
    );
    expect(await shown.evaluate((each) => each.scrollHeight - each.clientHeight - each.scrollTop)).toBeLessThan(2);
    expect([await page.title(), await page.locator("main img[src=x]").count()]).toEqual([title, 0]);
  });

  it("gives way to the whole one", async () => {
    const page = await pages.open({ as: "reader" });
    await start("Records so far: 7\n");
    await page.goto(path("/log"));
    await set({ status: "COMPLETED", completedAt: new Date(), logKey: `test/1/${jobs.get("completed")}~in.count.log` });
    await page.waitForSelector("pre:text('In genes: 1')");
    expect(await page.locator("main").textContent()).not.toContain("Not finished");
  });

  it.each(["", "/log"])("stays when the job fails, with the reason, on the page%s", async (rest) => {
    await start(`Records so far: 7 ${HOSTILE}\n`);
    const { page } = await pages.openForMany("reader");
    await page.goto(path(rest));
    await set({ status: "FAILED", failure: "The file ends early." });
    const shown = page.locator("pre.eg-log:not([data-live-log])");
    await shown.waitFor();
    expect(await shown.textContent()).toBe(
      `Records so far: 7 ${HOSTILE}\n\nEnded without a result: The file ends early.\n`,
    );
    expect(await page.locator("main").textContent()).not.toContain("Not finished");
    await start("Records so far: 7\n");
  });

  it("gives way to why there is none, when the job fails before it began", async () => {
    await start("Records so far: 7\n");
    const { page } = await pages.openForMany("reader");
    await page.goto(path("/log"));
    await set({ status: "FAILED", failure: "The uploaded file no longer exists.", runningLog: null });
    await page.waitForSelector(":text('This job ended without a log.')");
    await start("Records so far: 7\n");
  });

  it("is its owner's only, whichever way it is asked for", async () => {
    await start("Records so far: 7\n");
    await app.makeUser("stranger");
    const browser = await app.signedIn("stranger");
    for (const rest of ["", "/log", "/state"]) {
      const answer = await browser.get(`/annotations/${id()}${rest}`);
      expect([answer.status, answer.text.includes("Records so far")]).toEqual([403, false]);
    }
  });

  it("is on the page without script too, with what to do for news", async () => {
    await start("Records so far: 7\n");
    const page = await pages.open({ as: "reader", script: false });
    await set({ runningLog: null });
    await page.goto(path());
    expect(await page.locator("[data-live-log]").textContent()).toBe("Nothing yet.");
    await set({ runningLog: "Records so far: 7\n" });
    await page.goto(path());
    expect(await page.locator("[data-live-log]").textContent()).toBe("Records so far: 7\n");
    expect(await page.locator(".eg-no-script:visible").textContent()).toContain("Load it again");
    await set({ runningLog: "Records so far: 8\n" });
    await page.reload();
    expect(await page.locator("[data-live-log]").textContent()).toBe("Records so far: 8\n");
  });
});

it("a list says since when nobody answers, and comes back by itself", async () => {
  const { page } = await pages.openForMany("reader");
  await page.goto(`${app.origin}/annotations`);
  const note = page.locator(".app-answer-note");
  await page.route("**/annotations", (route) => route.abort());
  await note.getByText(/^No answer since \d\d:\d\d:\d\d\. The page shows what was known then/).waitFor();
  await page.unroute("**/annotations");
  await note.getByText(/^Answers are back after /).waitFor();
});

it("a list says that its reader was signed out, and leads to the sign-in and back", async () => {
  const page = await pages.open({ as: "reader" });
  await page.goto(`${app.origin}/annotations`);
  await page.context().clearCookies();
  await page.locator(".app-answer-note").getByText("You were signed out before").waitFor();
  expect(await page.getAttribute(".app-answer-note a", "href")).toBe("/login?next=%2Fannotations");
});

it("what is typed by one who was signed out is said to be lost, and so is a photo", async () => {
  const page = await pages.open({ as: "reader" });
  await page.goto(`${app.origin}/masks`);
  await page.context().clearCookies();
  const photo = { name: "me.png", mimeType: "image/png", buffer: Buffer.from("a picture") };
  await page.setInputFiles("#mask-file", photo);
  await page.waitForSelector("text=You are signed out. Reload the page to sign in, then choose the file again.");
  await page.fill('main input[type="url"]', "https://photos.example/me.png");
  await page.click("main button:has-text('Fetch')");
  await page.waitForSelector("text=You were signed out before this was sent. Nothing was changed.");
  expect(await page.inputValue("main [name=next]")).toBe("/masks");
});

describe("a VCF file", () => {
  const file = (name: string, content = VCF) => ({ name, mimeType: "text/plain", buffer: Buffer.from(content) });

  it("goes from the page straight to its live job, by keyboard alone", async () => {
    await app.makeUser("typist");
    const page = await pages.open({ as: "typist" });
    await page.goto(`${app.origin}/annotate`);
    await page.setInputFiles("[data-upload-file]", file("keys.vcf"));
    const send = page.locator("[data-upload-send]:not([disabled])");
    await send.waitFor();
    await send.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/annotations\/[0-9a-f-]{36}$/);
    expect(await page.textContent("h1")).toBe("keys.vcf");
    expect(await page.getAttribute("[data-job-status]", "data-job-status")).toBe("PENDING");
  });

  it("is refused before it is sent, with the reason and what to do", async () => {
    const page = await pages.open({ as: "reader" });
    await page.goto(`${app.origin}/annotate`);
    await page.setInputFiles("[data-upload-file]", file("page.vcf", "<!doctype html><title>Not found</title>"));
    const panel = page.locator("[data-upload-panel]");
    await panel.locator(".eg-note-bad").waitFor();
    expect(await panel.textContent()).toMatch(/HTML/i);
    expect(await page.locator("[data-upload-send]").isDisabled()).toBe(true);
  });

  it("is sent and listed without script too, and the chosen genome build is kept", async () => {
    const userId = await app.makeUser("scriptless");
    const page = await pages.open({ as: "scriptless", script: false });
    await page.goto(`${app.origin}/annotate`);
    await page.selectOption("#plain-build", "GRCh37");
    await page.setInputFiles("input[type=file]", file("plain.vcf"));
    await page.click("[data-upload-submit]");
    await page.waitForURL(/\/annotations?\//);
    await page.goto(`${app.origin}/annotations`);
    expect(await page.textContent("main")).toContain("plain.vcf");
    const made = await app.db.selectFrom("jobs").select(["inputName", "build"]).where("userId", "=", userId).execute();
    expect(made).toEqual([{ inputName: "plain.vcf", build: "GRCh37" }]);
  });
});

describe("an upload of which nothing moves any more", () => {
  /** A page whose uploads to `address` are swallowed, with the time in the test's hand. */
  async function openSwallowing(username: string, path: string, address: string | RegExp) {
    await app.makeUser(username);
    const page = await pages.open({ as: username });
    await page.clock.install();
    await page.goto(`${app.origin}${path}`);
    const sent = Promise.withResolvers<void>();
    await page.route(address, (route) => {
      if (route.request().method() === "POST") sent.resolve();
      else void route.continue();
    });
    return { page, sent: sent.promise };
  }

  it("is given up by the page of a file, which can send it again", async () => {
    const { page, sent } = await openSwallowing("swallowed", "/annotate", /\/test-inputs/);
    await page.setInputFiles("input[type=file]", { name: "a.vcf", mimeType: "text/plain", buffer: Buffer.from(VCF) });
    await page.click("[data-upload-send]");
    await sent;
    await page.clock.fastForward(121_000);
    const note = page.locator("[data-upload-note] [role=alert]");
    await note.waitFor();
    expect(await note.textContent()).toMatch(/Nothing was submitted\.$/);
    expect(await note.textContent()).toMatch(/no answer for 2\u00a0min|Nothing could be sent for 60\u00a0s/);
    expect(await page.locator("[data-upload-send]").textContent()).toBe("Try again");
    expect(await page.locator("[data-upload-send]").isEnabled()).toBe(true);
  });

  it("is given up by the page of a photo, which can send it again", async () => {
    const { page, sent } = await openSwallowing("stuck", "/masks", /\/masks\?/);
    const buffer = Buffer.from(scriptedPhoto(3, 1));
    await page.setInputFiles("input[type=file]", { name: "a.jpg", mimeType: "image/jpeg", buffer });
    await sent;
    await page.clock.fastForward(121_000);
    const error = page.locator("[data-mask-error]");
    await error.waitFor();
    expect(await error.textContent()).toContain("Look at the connection");
    expect(await page.locator("input[type=file]").isEnabled()).toBe(true);
  });
});

it("a photo is counted and listed, with and without script", async () => {
  await app.makeUser("photographer");
  for (const script of [true, false]) {
    const page = await pages.open({ as: "photographer", script });
    await page.goto(`${app.origin}/masks`);
    const buffer = Buffer.from(scriptedPhoto(3, 1));
    await page.setInputFiles("input[type=file]", { name: `three-${script}.jpg`, mimeType: "image/jpeg", buffer });
    // With script the choice is enough.
    if (!script) await page.click("[data-mask-submit]");
    await page.waitForURL(/\/masks\/[0-9a-f-]{36}$/);
    expect(await page.textContent("main")).toContain("faces3with mask1");
    await page.goto(`${app.origin}/masks/history`);
    expect(await page.textContent("main")).toContain(`three-${script}.jpg`);
  }
});

it("shows none of a reader's addresses to somebody else", async () => {
  await app.makeUser("curious");
  const browser = await app.signedIn("curious");
  await browser.get("/profile");
  const own = OWN_PAGES.filter((path) => path.includes(":")).map(withIds);
  const id = jobs.get("completed");
  const files = ["state", "log", "input", "result", "result/vcf.gz", "result/tsv", "result/csv", "records"];
  const gets = [...own, ...files.map((file) => `/annotations/${id}/${file}`)];
  for (const path of gets) expect([path, (await browser.get(path)).status]).toEqual([path, 403]);
  const posts = ["cancel", "delete", "run-again", "annotate-again", "link", "input/delete"];
  for (const post of posts) {
    const path = `/annotations/${id}/${post}`;
    expect([path, (await browser.submit(path)).status]).toEqual([path, 403]);
  }
});
