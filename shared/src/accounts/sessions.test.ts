import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import express from "express";
import { sql } from "kysely";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { csrf, csrfToken } from "../web/csrf.ts";
import { errorHandler, notFound } from "../web/errors.ts";
import { requestId } from "../web/request-id.ts";
import { type Listening, serve } from "../web/serve.ts";
import {
  currentUser,
  endSession,
  LONGEST_SESSION_MS,
  loadUser,
  requireAdmin,
  requireUser,
  safeNextPath,
  sessionIdHash,
  sessions,
  startSession,
} from "./sessions.ts";
import { createUser } from "./users.ts";

let database: TestDatabase;
let listening: Listening;
let userId: number;
let origin: string;
/** Lets go of the requests to /slow. */
const released = Promise.withResolvers<void>();
let slowRequests = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  const { db } = database;
  userId = (await createUser(db, { username: "ada", passwordHash: null })) ?? 0;
  const app = express();
  app.use(requestId);
  app.use(
    sessions({ db, table: "sessions", secret: "s".repeat(32), cookieName: "test", hours: 1 }),
    loadUser(db),
    express.urlencoded(),
  );
  app.get("/sign-in", async (req, res) => {
    await startSession(req, { id: userId });
    res.send(csrfToken(req));
  });
  app.use(csrf());
  app.get("/token", (req, res) => {
    res.send(csrfToken(req));
  });
  app.get("/me", requireUser, (_req, res) => {
    res.send(currentUser(res).username);
  });
  app.get("/admin", requireAdmin, (_req, res) => {
    res.send("admin");
  });
  app.post("/change", requireUser, (_req, res) => {
    res.send("changed");
  });
  app.get("/note", (req, res) => {
    req.session.userAgent = String(req.query.text);
    res.redirect(303, "/noted");
  });
  app.get("/noted", (req, res) => {
    res.send(req.session.userAgent ?? "nothing");
  });
  app.get("/onward", (_req, res) => {
    res.redirect(303, "/noted");
  });
  app.get("/slow", async (req, res) => {
    slowRequests += 1;
    await released.promise;
    req.session.userAgent = "written late";
    res.send("done");
  });
  app.get("/sign-out", async (req, res) => {
    await endSession(req);
    res.send("out");
  });
  app.get("/broken", () => {
    throw new Error("select * from secrets at /home/me arn:aws:s3");
  });
  app.use(notFound);
  app.use(
    errorHandler({
      log: pino({ level: "silent" }),
      renderPage: (res, view) => {
        res.send(`${view.sentence} ${view.requestId}`);
      },
    }),
  );
  listening = await serve(app, { host: "127.0.0.1", port: 0 });
  origin = `http://127.0.0.1:${listening.port}`;
});

afterAll(async () => {
  await listening.close(100);
  await database[Symbol.asyncDispose]();
});

interface Reader {
  readonly cookie: string;
  readonly token: string;
}

async function signIn(): Promise<Reader> {
  const response = await fetch(`${origin}/sign-in`);
  return { cookie: cookieOf(response), token: await response.text() };
}

function cookieOf(response: Response): string {
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

function sessionIdOf(cookie: string): string {
  return (
    decodeURIComponent(cookie)
      .replace(/^test=s:/, "")
      .split(".")[0] ?? ""
  );
}

function get(path: string, { cookie }: Partial<Reader> = {}): Promise<Response> {
  return fetch(origin + path, { redirect: "manual", headers: cookie === undefined ? {} : { cookie } });
}

function post({ cookie, token }: Reader, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${origin}/change`, {
    method: "POST",
    headers: { cookie, ...headers },
    body: new URLSearchParams({ _csrf: token }),
  });
}

test("an anonymous reader is sent to the sign-in page and would come back", async () => {
  const response = await get("/me?x=1");
  expect(response.status).toBe(303);
  expect(response.headers.get("location")).toBe("/login?next=%2Fme%3Fx%3D1");
});

test("a signed-in reader is known by the cookie, which scripts and other sites cannot use", async () => {
  const response = await fetch(`${origin}/sign-in`);
  expect(response.headers.get("set-cookie")).toMatch(/HttpOnly/);
  expect(response.headers.get("set-cookie")).toMatch(/SameSite=Lax/);
  expect(await (await get("/me", { cookie: cookieOf(response) })).text()).toBe("ada");
});

test("the table holds a hash of the session's id, not the id", async () => {
  const { cookie } = await signIn();
  const id = sessionIdOf(cookie);
  const rows = await database.db.selectFrom("sessions").select(["idHash", "data"]).execute();
  expect(JSON.stringify(rows)).not.toContain(id);
});

test("a session ends a day after signing in, however much it is used", async () => {
  const reader = await signIn();
  const row = database.db.updateTable("sessions").where("idHash", "=", sessionIdHash(sessionIdOf(reader.cookie)));
  await database.db
    .updateTable("users")
    .set({ passwordChangedAt: new Date(0) })
    .execute();
  const signedIn = (at: number) => row.set({ data: sql<string>`json_set(data, '$.signedInAt', ${at})` }).execute();
  await signedIn(Date.now() - LONGEST_SESSION_MS + 3_600_000);
  expect((await get("/me", reader)).status).toBe(200);
  await signedIn(Date.now() - LONGEST_SESSION_MS - 1);
  expect((await get("/me", reader)).status).toBe(303);
});

test("a cookie of one app is nothing to another that has the same secret", async () => {
  const { db } = database;
  const other = express();
  other.use(sessions({ db, table: "sessions", secret: "s".repeat(32), cookieName: "other", hours: 1 }), loadUser(db));
  other.get("/me", requireUser, (_req, res) => {
    res.send("in");
  });
  const server = await serve(other, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => server.close(0));
  const { cookie } = await signIn();
  const asOther = cookie.replace(/^test=/, "other=");
  const answer = await fetch(`http://127.0.0.1:${server.port}/me`, {
    redirect: "manual",
    headers: { cookie: asOther },
  });
  expect(answer.status).toBe(303);
});

test("behind https the cookie is bound to the host and to https", async () => {
  const { db } = database;
  const app = express();
  app.set("trust proxy", 1);
  app.use(sessions({ db, table: "sessions", secret: "s".repeat(32), cookieName: "test", hours: 1, isHttps: true }));
  app.get("/sign-in", async (req, res) => {
    await startSession(req, { id: userId });
    res.send("in");
  });
  const server = await serve(app, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => server.close(0));
  const answer = await fetch(`http://127.0.0.1:${server.port}/sign-in`, { headers: { "x-forwarded-proto": "https" } });
  expect(answer.headers.get("set-cookie")).toMatch(/^__Host-test=.*Path=\/;.*HttpOnly; Secure/);
  expect(answer.headers.get("set-cookie")).not.toMatch(/Domain=/);
});

test("after signing out the old cookie is refused", async () => {
  const reader = await signIn();
  expect((await get("/sign-out", reader)).status).toBe(200);
  expect((await get("/me", reader)).status).toBe(303);
});

test("a request that was under way when its session ended does not bring it back", async () => {
  const reader = await signIn();
  const slow = get("/slow", reader);
  await waitUntil("the slow request is under way", () => slowRequests === 1);
  await get("/sign-out", reader);
  released.resolve();
  expect((await slow).status).toBe(200);
  expect((await get("/me", reader)).status).toBe(303);
});

test("a request that names no path is refused", async () => {
  const socket = connect(listening.port, "127.0.0.1");
  socket.end("OPTIONS * HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
});

test("a changed password ends the sessions that began before it", async () => {
  const reader = await signIn();
  await database.db
    .updateTable("users")
    .set({ passwordChangedAt: new Date(Date.now() + 1_000) })
    .where("id", "=", userId)
    .execute();
  expect((await get("/me", reader)).status).toBe(303);
  await database.db
    .updateTable("users")
    .set({ passwordChangedAt: new Date(0) })
    .where("id", "=", userId)
    .execute();
});

test("a plain user is refused where administrators work", async () => {
  expect((await get("/admin", await signIn())).status).toBe(403);
});

test("a redirect waits until the database has stored what the session says", async () => {
  const reader = await signIn();
  const other = await signIn();
  let arrived = false;
  const answer = await database.db.transaction().execute(async (trx) => {
    await trx
      .selectFrom("sessions")
      .select("idHash")
      .where("idHash", "=", sessionIdHash(sessionIdOf(reader.cookie)))
      .forUpdate()
      .execute();
    const pending = get("/note?text=slow", reader).finally(() => {
      arrived = true;
    });
    await waitUntil("the write waits for the locked row", async () => {
      const { rows } = await sql<{ waiting: number }>`
        select count(*) as waiting from information_schema.processlist
        where db = database() and info like 'update %sessions%'`.execute(trx);
      return Number(rows[0]?.waiting) > 0;
    });
    // A whole round trip later an answer that was sent would be here.
    await get("/me", other);
    expect(arrived).toBe(false);
    return { pending };
  });
  expect((await answer.pending).headers.get("location")).toBe("/noted");
  expect(await (await get("/noted", reader)).text()).toBe("slow");
});

test("a redirect of an anonymous reader makes no session", async () => {
  const count = () => database.db.selectFrom("sessions").select("idHash").execute();
  const before = await count();
  const response = await get("/onward");
  expect([response.status, response.headers.get("set-cookie")]).toEqual([303, null]);
  expect(await count()).toEqual(before);
});

test("an anonymous reader whose session says something gets it stored, and the cookie", async () => {
  const response = await get("/note?text=first");
  expect(await (await get("/noted", { cookie: cookieOf(response) })).text()).toBe("first");
});

test("a session that cannot be stored makes an error page, not a redirect or a broken connection", async () => {
  const reader = await signIn();
  await sql`create trigger refuse before update on sessions for each row signal sqlstate '45000'`.execute(database.db);
  try {
    const response = await get("/note?text=lost", reader);
    expect([response.status, response.headers.get("location")]).toEqual([500, null]);
    expect(await response.text()).toContain("Something went wrong");
  } finally {
    await sql`drop trigger refuse`.execute(database.db);
  }
  expect((await get("/me", reader)).status).toBe(200);
});

test("a form with the session's token passes; without it, or with another session's, it is refused", async () => {
  const reader = await signIn();
  const other = await signIn();
  expect((await post(reader)).status).toBe(200);
  expect((await post({ ...reader, token: "" })).status).toBe(400);
  expect((await post({ ...reader, token: other.token })).status).toBe(400);
});

test.each([
  [{ "sec-fetch-site": "cross-site" }],
  [{ "sec-fetch-site": "same-site" }],
  [{ origin: "https://evil.example" }],
  [{ origin: "null" }],
])("a request from another site (%j) is refused even with the token", async (headers) => {
  expect((await post(await signIn(), headers)).status).toBe(403);
});

test("an unexpected failure shows a sentence and the request's id, nothing of its cause", async () => {
  const response = await get("/broken");
  const text = await response.text();
  expect(response.status).toBe(500);
  expect(text).toContain(response.headers.get("x-request-id") ?? "none");
  expect(text).not.toMatch(/secrets|arn:|home/);
});

test("an unknown page is a 404", async () => {
  expect((await get("/nowhere")).status).toBe(404);
});

test.each([
  ["/annotations?page=2", "/annotations?page=2"],
  ["//evil.example", "/"],
  ["https://evil.example", "/"],
  ["/\\evil.example", "/"],
  ["/\t/evil.example", "/"],
  [undefined, "/"],
])("after signing in, next=%s leads to %s", (next, path) => {
  expect(safeNextPath(next)).toBe(path);
});
