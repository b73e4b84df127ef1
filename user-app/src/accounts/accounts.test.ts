import { PLAIN_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { makePasswordLink } from "@elastic-gas/shared/accounts/password-links";
import { confirmSecondFactor, makeEnrolment } from "@elastic-gas/shared/accounts/second-factor";
import { createSecretBox } from "@elastic-gas/shared/accounts/secret-box";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { startTestApp, TEST_PASSWORD, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await startTestCloud());
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
});

describe("what anonymous readers see", () => {
  it("is the home page with its sign-in form, help and recovery, and no session row", async () => {
    const browser = app.browser();
    for (const path of ["/", "/login", "/forgot", "/help"]) expect((await browser.get(path)).status).toBe(200);
    expect((await browser.get("/")).text).toContain('action="/login"');
    expect(await app.db.selectFrom("sessions").selectAll().where("userId", "is", null).execute()).toEqual([]);
  });

  it.each([
    "/annotate",
    "/annotate/job?bucket=a&key=b",
    "/annotations",
    "/annotations/0b1f8e0e-7a49-4e0f-8a26-2f1d4f4a9e11",
    "/annotations/0b1f8e0e-7a49-4e0f-8a26-2f1d4f4a9e11/log",
    "/subscribe",
    "/unsubscribe",
    "/profile",
    "/masks",
    "/admin/users",
  ])("sends %s to the sign-in page, which remembers it", async (path) => {
    const answer = await app.browser().get(path);
    expect(answer.status).toBe(303);
    expect(answer.location).toBe(`/login?next=${encodeURIComponent(path)}`);
  });

  it("has pages for what is not there and for wrong methods, in the frame, with the request's id", async () => {
    const browser = app.browser();
    const missing = await browser.get("/nope");
    expect(missing.status).toBe(404);
    expect(missing.text).toContain("<footer");
    expect(missing.text).toContain(missing.headers.get("x-request-id") ?? "-");
    const wrong = await browser.submit("/logout/x");
    expect([400, 404]).toContain(wrong.status);
    for (const [verb, path, allow] of [
      ["DELETE", "/login", "GET, POST"],
      ["DELETE", "/profile", "GET, POST"],
      ["GET", "/profile/password", "POST"],
      ["POST", "/annotations", "GET"],
    ] as const) {
      const method = await fetch(`${app.origin}${path}`, { method: verb });
      expect([method.status, method.headers.get("allow")]).toEqual([405, allow]);
    }
  });

  it("answers /healthz without asking anybody, and counts it for nobody", async () => {
    const answer = await app.browser().get("/healthz");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("set-cookie")).toBeNull();
  });

  it("allows no inline script or style, and forms only to us and the inputs bucket", async () => {
    const policy = (await app.browser().get("/")).headers.get("content-security-policy") ?? "";
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain(`form-action 'self' ${app.endpoint}`);
    expect(policy).toContain(`connect-src 'self' ${app.endpoint}`);
  });
});

describe("signing in", () => {
  it("leads to the page asked for, under a new session, by a cookie that scripts cannot read", async () => {
    await app.makeUser("ada");
    const browser = app.browser();
    await browser.get("/login?next=/profile");
    const answer = await browser.submit("/login", { username: "ada", password: TEST_PASSWORD, next: "/profile" });
    expect(answer.location).toBe("/profile");
    const cookie = answer.headers.getSetCookie().find((line) => line.startsWith("gas_session")) ?? "";
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Lax/);
    expect(cookie).not.toMatch(/Secure/);
    expect((await browser.get("/profile")).text).toContain("ada");
  });

  it("marks the cookie Secure when the balancer was reached over https", async () => {
    await app.makeUser("tls");
    const browser = app.browser();
    await browser.get("/login");
    const answer = await browser.submit(
      "/login",
      { username: "tls", password: TEST_PASSWORD },
      { "x-forwarded-proto": "https" },
    );
    expect(answer.headers.getSetCookie().find((line) => line.startsWith("gas_session"))).toMatch(/Secure/);
  });

  it.each(["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])(
    "never leads to another site: %s",
    async (next) => {
      const browser = await app.makeUser(`next ${next}`).then(() => app.browser());
      await browser.get("/login");
      const answer = await browser.submit("/login", { username: `next ${next}`, password: TEST_PASSWORD, next });
      expect(answer.location).toBe("/annotations");
    },
  );

  it("gives one answer for a wrong password and an unknown name", async () => {
    await app.makeUser("bea");
    const answers = [];
    for (const username of ["bea", "nobody"]) {
      const browser = app.browser();
      await browser.get("/login");
      answers.push(await browser.submit("/login", { username, password: "wrong" }));
    }
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    for (const { text } of answers) expect(text).toContain("The user name or the password is wrong.");
  });

  it("takes any spelling of a name for that name, also when it counts the guesses", async () => {
    await app.makeUser("willa");
    const [owner, guesser] = [app.browser(), app.browser()];
    await owner.get("/login");
    expect((await owner.submit("/login", { username: "WILLA", password: TEST_PASSWORD })).status).toBe(303);
    const spellings = ["willa", "Willa", "wILLA", "ｗilla", "willa ", "wil1a"];
    await guesser.get("/login");
    for (let n = 0; n < 10; n += 1) {
      const username = spellings[n % spellings.length] ?? "";
      expect((await guesser.submit("/login", { username, password: `wrong ${n}` })).status).toBe(401);
    }
    expect((await guesser.submit("/login", { username: "willa", password: "wrong 10" })).status).toBe(429);
  });

  it("stops guessing after ten failures, also with the right password", async () => {
    await app.makeUser("guessed");
    const browser = app.browser();
    await browser.get("/login");
    for (let n = 0; n < 10; n += 1) await browser.submit("/login", { username: "guessed", password: `wrong ${n}` });
    const answer = await browser.submit("/login", { username: "guessed", password: TEST_PASSWORD });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("needs the form's token and refuses other sites", async () => {
    await app.makeUser("cleo");
    const fields = { username: "cleo", password: TEST_PASSWORD };
    expect((await app.browser().submit("/login", fields)).status).toBe(400);
    const browser = app.browser();
    await browser.get("/login");
    expect((await browser.submit("/login", fields, { origin: "https://evil.example" })).status).toBe(403);
    expect((await browser.submit("/login", fields, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await browser.submit("/login", fields, { "sec-fetch-site": "same-origin" })).status).toBe(303);
  });

  it("asks an administrator with a second step for a code, before anything is opened", async () => {
    const id = await app.makeUser("twostep", { isAdmin: true });
    const box = createSecretBox(app.config.TOTP_KEY);
    const { secret } = makeEnrolment("twostep");
    const totp = new TOTP({ secret });
    const before = new Date(Date.now() - 60_000);
    const code = totp.generate({ timestamp: before.getTime() });
    await confirmSecondFactor({ db: app.db, box }, { userId: id, secret, code, now: before, keptSession: "" });
    const browser = app.browser();
    await browser.get("/login?next=/admin/users");
    const fields = { username: "twostep", password: TEST_PASSWORD, next: "/admin/users" };
    expect((await browser.submit("/login", fields)).location).toBe("/login/code");
    expect((await browser.get("/admin/users")).location).toMatch(/^\/login/);
    expect((await browser.get("/login/code")).text).toContain("recovery codes");
    expect((await browser.submit("/login/code", { code: "000000" })).status).toBe(401);
    expect((await browser.submit("/login/code", { code: totp.generate(), _csrf: "" })).status).toBe(400);
    expect((await browser.submit("/login/code", { code: totp.generate() })).location).toBe("/admin/users");
    expect((await browser.get("/admin/users")).status).toBe(200);
    expect((await app.browser().get("/login/code")).location).toBe("/login");
  });

  it("ends with signing out: the old cookie is refused", async () => {
    await app.makeUser("dora");
    const browser = await app.signedIn("dora");
    const old = new Map(browser.cookies);
    expect((await browser.get("/logout")).status).toBe(405);
    expect((await browser.submit("/logout", {}, { "sec-fetch-site": "cross-site" })).status).toBe(303);
    expect((await browser.get("/annotations")).status).toBe(200);
    await browser.submit("/logout");
    for (const [name, value] of old) browser.cookies.set(name, value);
    expect((await browser.get("/annotations")).location).toMatch(/^\/login/);
  });
});

describe("the profile", () => {
  it("saves name and institution, and says so once", async () => {
    await app.makeUser("emil");
    const browser = await app.signedIn("emil");
    await browser.submit("/profile", { name: "Emil <i>", institution: "Lab" });
    const page = await browser.get("/profile");
    expect(page.text).toContain("Your profile is saved.");
    expect(page.text).toContain('value="Emil &lt;i>"');
    expect((await browser.get("/profile")).text).not.toContain("Your profile is saved.");
  });

  it("keeps a name as one line, without signs that turn the words beside it", async () => {
    await app.makeUser("elsa");
    const browser = await app.signedIn("elsa");
    await browser.submit("/profile", { name: " Elsa\r\nBcc: x@example.org\u202e ", institution: "\u2067Lab\t1" });
    const { name, institution } = await app.db
      .selectFrom("users")
      .select(["name", "institution"])
      .where("username", "=", "elsa")
      .executeTakeFirstOrThrow();
    expect([name, institution]).toEqual(["ElsaBcc: x@example.org", "Lab1"]);
  });

  it("keeps what was typed beside its error", async () => {
    await app.makeUser("flora");
    const page = await (await app.signedIn("flora")).submit("/profile/email", {
      email: "no address",
      password: TEST_PASSWORD,
    });
    expect(page.status).toBe(400);
    expect(page.text).toContain('value="no address"');
    expect(page.text).toContain("This is not an e-mail address.");
  });

  it("changes the password with the old one only, and signs out everywhere else", async () => {
    await app.makeUser("gus");
    const [here, there] = [await app.signedIn("gus"), await app.signedIn("gus")];
    const wrong = await here.submit("/profile/password", { old: "wrong one", new: "another horse" });
    expect(wrong.text).toContain("This is not your password.");
    expect((await here.submit("/profile/password", { old: TEST_PASSWORD, new: "short" })).status).toBe(400);
    expect((await here.submit("/profile/password", { old: TEST_PASSWORD, new: "another horse" })).status).toBe(303);
    expect((await here.get("/profile")).status).toBe(200);
    expect((await there.get("/profile")).status).toBe(303);
    const again = app.browser();
    await again.get("/login");
    expect((await again.submit("/login", { username: "gus", password: TEST_PASSWORD })).status).toBe(401);
    expect((await again.submit("/login", { username: "gus", password: "another horse" })).status).toBe(303);
  });

  it("lists sessions and ends the others", async () => {
    await app.makeUser("hanna");
    const [here, there] = [await app.signedIn("hanna"), await app.signedIn("hanna")];
    expect((await here.get("/profile")).text).toContain("This browser");
    await here.submit("/profile/sessions");
    expect((await here.get("/profile")).status).toBe(200);
    expect((await there.get("/profile")).status).toBe(303);
  });

  it("refuses forms without the token", async () => {
    await app.makeUser("ida");
    const browser = await app.signedIn("ida");
    expect((await browser.submit("/profile", { _csrf: "", name: "x" })).status).toBe(400);
    expect((await browser.submit("/profile", { name: "x" }, { origin: "https://evil.example" })).status).toBe(403);
  });

  it("goes on when a session is prolonged after a while", async () => {
    const userId = await app.makeUser("long");
    const browser = await app.signedIn("long");
    await app.db
      .updateTable("sessions")
      .set({ seenAt: new Date(Date.now() - 600_000) })
      .where("userId", "=", userId)
      .execute();
    expect((await browser.get("/profile")).text).toContain("</html>");
    const session = await app.db
      .selectFrom("sessions")
      .select("seenAt")
      .where("userId", "=", userId)
      .executeTakeFirstOrThrow();
    expect(Date.now() - session.seenAt.getTime()).toBeLessThan(590_000);
  });
});

describe("recovery", () => {
  /** The path of the link that a forgotten password's mail has. */
  async function resetOf(email: string): Promise<string> {
    const browser = app.browser();
    await browser.get("/forgot");
    await browser.submit("/forgot", { email });
    const [mail] = await app.mailsTo(email);
    return /\/reset\/[\w-]{43}/.exec(mail?.text ?? "")?.[0] ?? "no link";
  }

  it("answers the same for known and unknown addresses, and mails only the known one", async () => {
    await app.makeUser("jo", { email: "jo@example.org" });
    const texts = [];
    for (const email of ["jo@example.org", "unknown@example.org"]) {
      const browser = app.browser();
      await browser.get("/forgot");
      const page = await browser.submit("/forgot", { email });
      expect(page.status).toBe(200);
      texts.push(page.text.replaceAll(/[0-9a-f]{4}-[0-9a-f]{4}| data-now="\d+"/g, ""));
    }
    expect(texts[0]).toBe(texts[1]);
    expect(await app.mailsTo("jo@example.org")).toHaveLength(1);
    expect(await app.mailsTo("unknown@example.org")).toEqual([]);
    const resets = await app.db
      .selectFrom("passwordResets")
      .innerJoin("users", "users.id", "passwordResets.userId")
      .select("username")
      .distinct()
      .execute();
    expect(resets.map(({ username }) => username)).toEqual(["jo"]);
  });

  it("sets a password by a link that works once, for an hour, and ends all sessions and API tokens", async () => {
    await app.makeUser("kim", { email: "kim@example.org" });
    const signedIn = await app.signedIn("kim");
    const path = await resetOf("kim@example.org");
    const browser = app.browser();
    expect((await browser.get(path)).status).toBe(200);
    expect((await browser.submit(path, { password: "short" })).status).toBe(400);
    expect((await browser.submit(path, { password: "password1" })).status).toBe(400);
    const { id: userId } = await app.db
      .selectFrom("users")
      .select("id")
      .where("username", "=", "kim")
      .executeTakeFirstOrThrow();
    const token = {
      userId,
      name: "script",
      tokenHash: "f".repeat(64),
      scope: "read",
      audience: "user",
      usedAt: null,
      revokedAt: null,
    } as const;
    await app.db.insertInto("apiTokens").values(token).execute();
    expect((await browser.submit(path, { password: "a new password" })).location).toBe("/login");
    expect((await signedIn.get("/profile")).status).toBe(303);
    const tokens = await app.db.selectFrom("apiTokens").select("revokedAt").where("userId", "=", userId).execute();
    expect(tokens).toEqual([{ revokedAt: expect.any(Date) }]);
    expect((await browser.get(path)).status).toBe(410);
    expect((await browser.submit(path, { password: "a third password" })).status).toBe(410);
    await browser.get("/login");
    expect((await browser.submit("/login", { username: "kim", password: "a new password" })).status).toBe(303);
    const late = await resetOf("kim@example.org");
    expect((await browser.get(late)).status).toBe(200);
    app.clock.now = new Date(Date.now() + 3_601_000);
    expect((await browser.get(late)).status).toBe(410);
    app.clock.now = undefined;
  });
});

describe("an account that may use the manager", () => {
  it("has its address and password changed there, and says where", async () => {
    const userId = await app.makeUser("chief", { isAdmin: true, email: "chief@example.org" });
    const browser = await app.signedIn("chief");
    const profile = (await browser.get("/profile")).text;
    expect(profile).toContain('href="http://127.0.0.1:5000/account"');
    expect(profile).not.toContain('action="/profile/email"');
    const password = await browser.submit("/profile/password", { old: TEST_PASSWORD, new: "another horse" });
    const email = await browser.submit("/profile/email", { email: "x@example.org", password: TEST_PASSWORD });
    for (const { status, text } of [password, email]) {
      expect([status, text]).toEqual([409, expect.stringContaining("http://127.0.0.1:5000/account")]);
    }
    const guest = app.browser();
    await guest.get("/forgot");
    await guest.submit("/forgot", { email: "chief@example.org" });
    const mails = (await app.mailsTo("chief@example.org")).map(({ text }) => text);
    expect(mails).toEqual([expect.stringContaining("http://127.0.0.1:5000/forgot")]);
    expect(mails.join()).not.toContain("/reset/");
    expect(await app.db.selectFrom("passwordResets").select("userId").where("userId", "=", userId).execute()).toEqual(
      [],
    );
    // The name and the plan are everybody's own.
    expect((await browser.submit("/profile", { name: "The Chief" })).status).toBe(303);
  });
});

describe("an invitation", () => {
  it("asks for a first password, names the account, and leads to signing in", async () => {
    const userId = await app.makeUser("invited");
    await app.db
      .updateTable("users")
      .set({ passwordHash: null, invitedAt: new Date() })
      .where("id", "=", userId)
      .execute();
    const browser = app.browser();
    await browser.get("/login");
    expect((await browser.submit("/login", { username: "invited", password: TEST_PASSWORD })).status).toBe(401);
    const token = await makePasswordLink(app.db, PLAIN_ACCOUNTS, {
      userId,
      expiresAt: new Date(Date.now() + 3_600_000),
    });
    const page = await browser.get(`/reset/${token}`);
    expect(page.text).toContain("Choose a password");
    expect(page.text).toContain("<strong>invited</strong>");
    expect((await browser.submit(`/reset/${token}`, { password: "short" })).text).toContain("<strong>invited</strong>");
    expect((await browser.submit(`/reset/${token}`, { password: "my own horse" })).location).toBe("/login");
    await browser.get("/login");
    expect((await browser.submit("/login", { username: "invited", password: "my own horse" })).status).toBe(303);
    expect((await browser.get(`/reset/${token}`)).status).toBe(410);
    const log = await app.db.selectFrom("auditLog").select("action").where("actor", "=", "invited").execute();
    expect(log).toContainEqual({ action: "user.invitation-accepted" });
  });
});

describe("administration", () => {
  it("is the manager's; its old address leads administrators there, and refuses everybody else", async () => {
    await app.makeUser("root", { isAdmin: true });
    const userId = await app.makeUser("plain user");
    const [admin, plain] = [await app.signedIn("root"), await app.signedIn("plain user")];
    const page = await admin.get("/admin/users");
    expect(page.text).toContain('href="http://127.0.0.1:5000/users"');
    expect((await plain.get("/admin/users")).status).toBe(403);
    const fields = { username: "newcomer", password: TEST_PASSWORD, admin: "yes" };
    for (const path of ["/admin/users", `/admin/users/${userId}/delete`, `/admin/users/${userId}/role`]) {
      expect((await plain.submit(path, fields)).status).toBe(403);
      expect((await fetch(`${app.origin}${path}`, { method: "POST", redirect: "manual" })).status).toBe(303);
      expect([404, 405]).toContain((await admin.submit(path, fields)).status);
    }
    const users = await app.db.selectFrom("users").select("username").where("username", "=", "newcomer").execute();
    expect(users).toEqual([]);
  });
});
