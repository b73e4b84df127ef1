import { serve } from "@elastic-gas/shared/web/serve";
import { makePools, startTestManager, TestBrowser, type TestManager } from "@elastic-gas/testing/manager/test-manager";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";

let manager: TestManager;
let browser: TestBrowser;
beforeAll(async () => {
  manager = await startTestManager({ mayReach: () => true });
  await makePools(manager.db);
  browser = new TestBrowser(manager.url);
  await browser.signIn();
});
afterAll(() => manager[Symbol.asyncDispose]());

const HOME = "/alerts/channels";
const text = async () => (await browser.get(HOME)).text();
const valid = {
  name: "ops",
  kind: "chat",
  target: "https://hooks.example.org/T0/secret",
  events: "limit",
  quietZone: "UTC",
};

it("a channel is added, tested, changed and removed, and every step is in the audit log", async () => {
  const hook = await serve((_req, res) => res.writeHead(404).end("no_service"), { host: "127.0.0.1", port: 0 });
  onTestFinished(() => hook.close(0));
  const target = `http://127.0.0.1:${hook.port}/T0/secret`;
  expect((await browser.post(HOME, { ...valid, kind: "webhook", target }, HOME)).status).toBe(303);
  const added = await text();
  expect(added).toMatch(/ops was added\. The secret that signs its messages, shown only now: [\w-]{43}/);
  expect(await text()).not.toContain("/T0/secret");
  const [channel] = await manager.db.selectFrom("alertChannels").selectAll().execute();
  const path = `${HOME}/${channel?.id}`;
  await browser.post(`${path}/test`, {}, HOME);
  expect(await text()).toContain(`ops: the test was not sent; 127.0.0.1:${hook.port} answered 404 “no_service”.`);
  await browser.post(path, { ...valid, name: "night", quietFrom: "22:00", quietTo: "06:30" }, HOME);
  expect(await text()).toContain("Quiet from 22:00 to 06:30 (UTC)");
  await browser.post(`${path}/delete`, {}, HOME);
  expect(await text()).toContain("Nobody is told yet");
  const rows = await manager.db
    .selectFrom("auditLog")
    .select(["action", "target", "detail"])
    .where("action", "like", "channel.%")
    .orderBy("id")
    .execute();
  expect(rows.map(({ action, target: name }) => [action, name])).toEqual([
    ["channel.create", "ops"],
    ["channel.test", "ops"],
    ["channel.change", "night"],
    ["channel.delete", "night"],
  ]);
  expect(JSON.stringify(rows)).not.toContain("secret");
});

it("quiet hours stay in their zone when somebody in another one changes the name", async () => {
  const quiet = { quietFrom: "22:00", quietTo: "06:30" };
  await browser.post(HOME, { ...valid, ...quiet, quietZone: "Asia/Kathmandu" }, HOME);
  const page = await text();
  const form = page.slice(page.indexOf('aria-label="Channel ops"'), page.indexOf('aria-label="New channel"'));
  expect(form).toMatch(/<select[^>]* name="quietZone"><option value="Asia\/Kathmandu" selected>/);
  expect(form.match(/<option value="[^"]+"/g)).toHaveLength(2);
  const [channel] = await manager.db.selectFrom("alertChannels").selectAll().execute();
  await browser.post(`${HOME}/${channel?.id}/delete`, {}, HOME);
});

it("of two who change a channel at the same time, the second is told and overwrites nothing", async () => {
  await browser.post(HOME, valid, HOME);
  const [channel] = await manager.db.selectFrom("alertChannels").selectAll().execute();
  const path = `${HOME}/${channel?.id}`;
  const seen = /name="seen" value="(\w+)"/.exec(await text())?.[1] ?? "none";
  await browser.post(path, { ...valid, name: "first", seen }, HOME);
  expect(await text()).toContain("first was saved.");
  await browser.post(path, { ...valid, name: "second", seen }, HOME);
  expect(await text()).toContain("first was changed by somebody in the meantime. Yours was not saved;");
  expect(await manager.db.selectFrom("alertChannels").select("name").execute()).toEqual([{ name: "first" }]);
  await browser.post(`${path}/delete`, {}, HOME);
});

it.each([
  ["no event", { events: undefined }, "Choose at least one event."],
  ["a file's address", { target: "file:///etc/passwd" }, "starts with https:// or http://"],
  ["an address with a password", { target: "https://a:b@example.org/" }, "holds no user name"],
  ["a mail address that is none", { kind: "mail", target: "nobody" }, "This is not an e-mail address."],
  ["half of the quiet hours", { quietFrom: "22:00" }, "Quiet hours need both times, or none."],
  [
    "quiet hours without length",
    { quietFrom: "22:00", quietTo: "22:00" },
    "The times are the same, which makes no quiet hours.",
  ],
  ["a time that is none", { quietFrom: "25:00", quietTo: "06:00" }, "A time of the day, such as 22:00."],
])("%s is refused beside the field, and the form stays filled in", async (_, change, words) => {
  const fields: Record<string, string | undefined> = { ...valid, name: "kept name", ...change };
  const sent = Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined),
  );
  const response = await browser.post(HOME, sent, HOME);
  expect(response.status).toBe(400);
  const page = await response.text();
  expect(page).toContain(words);
  expect(page).toContain('value="kept name"');
  expect(await manager.db.selectFrom("alertChannels").select("id").execute()).toEqual([]);
});

it("an address that no message may go to is refused beside the field", async () => {
  await using guarded = await startTestManager();
  const admin = new TestBrowser(guarded.url);
  await admin.signIn();
  const add = (target: string) => admin.post(HOME, { ...valid, kind: "webhook", target }, HOME);
  for (const host of ["127.0.0.1:9000", "[::1]", "10.1.2.3", "localhost:9000", "hooks.localhost"]) {
    const response = await add(`http://${host}/hook`);
    expect(response.status, host).toBe(400);
    expect(await response.text()).toContain("This address is not public. Messages go to public addresses only.");
  }
  expect(await guarded.db.selectFrom("alertChannels").select("id").execute()).toEqual([]);
  for (const host of ["hooks.example.org", "93.184.216.34"])
    expect((await add(`http://${host}/hook`)).status).toBe(303);
});

it("nothing is asked of AWS while there is nobody to tell", async () => {
  await manager.manager.alerting.look();
  expect(await manager.db.selectFrom("alertNotices").selectAll().execute()).toEqual([]);
});
