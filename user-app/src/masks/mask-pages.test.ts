import { loadUser, sessions, startSession } from "@elastic-gas/shared/accounts/sessions";
import { createUser } from "@elastic-gas/shared/accounts/users";
import { createLogger } from "@elastic-gas/shared/logger";
import { csrf, csrfToken } from "@elastic-gas/shared/web/csrf";
import { errorHandler, HttpError } from "@elastic-gas/shared/web/errors";
import { type Listening, serve } from "@elastic-gas/shared/web/serve";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import {
  createScriptedDetector,
  type ScriptedDetector,
  scriptedPhoto,
} from "@elastic-gas/testing/user-app/test-detector";
import { type ObjectServer, startObjectServer } from "@elastic-gas/testing/user-app/test-object-server";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import express from "express";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createDownloads } from "../web/downloads.ts";
import { createPages } from "../web/pages.ts";
import { maskPages } from "./mask-pages.ts";
import { sweepLeftovers } from "./photos.ts";

let database: TestDatabase;
let store: ObjectServer;
let listening: Listening;
let detector: ScriptedDetector;
let origin: string;
const log = createLogger("test", "silent");

beforeAll(async () => {
  database = await createTestDatabase();
  store = await startObjectServer();
  detector = createScriptedDetector();
  const config = {
    DISPLAY_TIME_ZONE: "America/Chicago",
    PUBLIC_URL: undefined,
    PUBLIC_HOST: "localhost",
    LB_PORT: 8080,
  };
  const assets = { folder: "", style: undefined, script: undefined, themeScript: undefined };
  const sendPage = createPages({ config, assets, now: () => new Date() });
  const fetchPhoto = async (address: string) => {
    if (address !== "https://photos.example/cam.jpg") throw new HttpError(422, "Only public addresses can be fetched.");
    return { fileName: "cam.jpg", bytes: scriptedPhoto(2, 0) };
  };
  const app = express();
  app.use(
    sessions({ db: database.db, table: "sessions", secret: "x".repeat(32), cookieName: "test", hours: 1 }),
    loadUser(database.db),
  );
  app.use(express.urlencoded({ extended: false }));
  app.post("/test-sign-in/:id", async (req, res) => {
    await startSession(req, { id: Number(req.params.id) });
    res.send(csrfToken(req));
  });
  app.use(csrf());
  app.use(
    maskPages({
      db: database.db,
      photos: store.photos,
      downloads: createDownloads(store.photos.s3),
      detector,
      log,
      sendPage,
      fetchPhoto,
    }),
  );
  app.use(errorHandler({ log, renderPage: (res, view) => res.send(view.sentence) }));
  listening = await serve(app, { host: "127.0.0.1", port: 0 });
  origin = `http://127.0.0.1:${listening.port}`;
});
beforeEach(() => detector.reset());
afterEach(() => vi.waitFor(() => expect(detector.queued(), "places not given back").toBe(0), 60_000));
afterAll(async () => {
  await listening?.close(0);
  await store?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

interface Browser {
  readonly userId: number;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  upload(photo: Uint8Array, options?: { name?: string; accept?: string; token?: string }): Promise<Response>;
  submit(path: string, fields: Record<string, string>): Promise<Response>;
}

let users = 0;
async function signedIn(): Promise<Browser> {
  users += 1;
  const userId = await createUser(database.db, { username: `user ${users}`, passwordHash: null });
  if (userId === undefined) throw new Error("the name is taken");
  // Sessions are compared with the time of the last password change in milliseconds of the same clock, give or take.
  await database.db
    .updateTable("users")
    .set({ passwordChangedAt: new Date(0) })
    .where("id", "=", userId)
    .execute();
  const response = await fetch(`${origin}/test-sign-in/${userId}`, { method: "POST" });
  let csrfOf = await response.text();
  let cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const answer = await fetch(new URL(path, origin), {
      redirect: "manual",
      ...init,
      headers: { ...init.headers, cookie },
    });
    cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
    return answer;
  };
  csrfOf = /data-csrf="([^"]+)"/.exec(await (await send("/masks", {})).text())?.[1] ?? csrfOf;
  return {
    userId,
    get: (path, headers = {}) => send(path, { headers }),
    upload(photo, { name = "team.jpg", accept = "text/html", token = csrfOf } = {}) {
      const body = new FormData();
      body.append("file", new Blob([Uint8Array.from(photo)]), name);
      return send(`/masks?_csrf=${token}`, { method: "POST", body, headers: { accept } });
    },
    submit: (path, fields) => send(path, { method: "POST", body: new URLSearchParams({ _csrf: csrfOf, ...fields }) }),
  };
}

describe("uploading on the page", () => {
  it("goes on to the result with the three figures, both pictures and a row per face", async () => {
    const browser = await signedIn();
    const answer = await browser.upload(scriptedPhoto(3, 1), { name: "Café <b>.jpg" });
    expect(answer.status).toBe(303);
    const page = await (await browser.get(answer.headers.get("location") ?? "")).text();
    expect(page).toContain("data-mask-faces>3<");
    expect(page).toContain("data-mask-masked>1<");
    expect(page).toContain("data-mask-unmasked>2<");
    expect(page).toContain('<h1 class="masks-name">Café &lt;b>.jpg</h1>');
    expect(page.match(/<tr><th scope="row">/g)).toHaveLength(3);
    expect(page).toMatch(/<img src="\/masks\/[\w-]+\/annotated"/);
    expect(page).toMatch(/<img src="\/masks\/[\w-]+\/original"/);
    expect(page).not.toMatch(/ style=| onclick=|<script>/);
  });

  it("tells our script where to go, and what was wrong, as JSON", async () => {
    const browser = await signedIn();
    const done = await browser.upload(scriptedPhoto(1, 1), { accept: "application/json" });
    expect(await done.json()).toEqual({ location: expect.stringMatching(/^\/masks\/[\w-]{36}$/) });
    const refused = await browser.upload(Buffer.from("text"), { accept: "application/json" });
    expect({ status: refused.status, body: await refused.json() }).toEqual({
      status: 415,
      body: { error: { message: "This is not a picture." } },
    });
  });

  it("shows a refusal beside the form, with its status", async () => {
    const browser = await signedIn();
    for (const [photo, status, sentence] of [
      [Buffer.from("text"), 415, "This is not a picture."],
      [Buffer.from("damaged"), 422, "This picture is damaged."],
      [new Uint8Array(10_000_001), 413, "The photo is larger than 10\u00a0MB."],
      [new Uint8Array(), 400, "Choose a photo, or give its address."],
    ] as const) {
      const answer = await browser.upload(photo);
      expect(answer.status).toBe(status);
      expect(await answer.text()).toMatch(new RegExp(`id="mask-file-error"[^>]*role="alert">${sentence}`));
    }
  });

  it("takes a photo by its address, and keeps the address in the field when it is refused", async () => {
    const browser = await signedIn();
    const answer = await browser.submit("/masks", { url: "https://photos.example/cam.jpg" });
    expect(answer.status).toBe(303);
    expect(await (await browser.get(answer.headers.get("location") ?? "")).text()).toContain("cam.jpg");
    const refused = await browser.submit("/masks", { url: 'http://192.168.1.20/?a="b' });
    expect(refused.status).toBe(422);
    const page = await refused.text();
    expect(page).toContain("Only public addresses can be fetched.");
    expect(page).toContain('value="http://192.168.1.20/?a=&quot;b"');
  });

  it("says when the detector is busy or its model is missing", async () => {
    const browser = await signedIn();
    detector.busySeconds = 9;
    const busy = await browser.upload(scriptedPhoto(1, 1));
    expect({ status: busy.status, after: busy.headers.get("retry-after") }).toEqual({ status: 503, after: "9" });
    expect(await busy.text()).toContain("The detector is busy. Your photo was not taken; try again in 9\u00a0s.");
    detector.busySeconds = null;
    detector.missing = "The mask model is missing. An administrator corrects MASK_MODEL.";
    expect((await browser.upload(scriptedPhoto(1, 1))).status).toBe(503);
    const page = await browser.get("/masks");
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("An administrator corrects MASK_MODEL.");
  });

  it("needs a session and the form's token", async () => {
    const browser = await signedIn();
    expect((await browser.upload(scriptedPhoto(1, 1), { token: "guessed" })).status).toBe(400);
    const anonymous = await fetch(`${origin}/masks/history/no-faces`, { redirect: "manual" });
    expect({ status: anonymous.status, to: anonymous.headers.get("location") }).toEqual({
      status: 303,
      to: "/login?next=%2Fmasks%2Fhistory%2Fno-faces",
    });
  });
});

describe("history", () => {
  it("puts each photo into one of the four lists, with counts and thumbnails", async () => {
    const browser = await signedIn();
    const photos = [
      ["no-faces", 0, 0],
      ["all-masked", 2, 2],
      ["none-masked", 3, 0],
      ["some-masked", 3, 1],
    ] as const;
    for (const [list, faces, masked] of photos)
      await browser.upload(scriptedPhoto(faces, masked), { name: `${list}.jpg` });
    for (const [list] of photos) {
      const page = await (await browser.get(`/masks/history/${list}`)).text();
      expect([...page.matchAll(/masks-card-name">([^<]+)</g)].map(([, name]) => name)).toEqual([`${list}.jpg`]);
      expect(page).toMatch(/<img src="\/masks\/[\w-]+\/thumbnail"/);
      for (const [other] of photos) expect(page).toMatch(new RegExp(`data-mask-list="${other}">[^<]+ 1<`));
    }
    expect((await browser.get("/masks/history")).headers.get("location")).toBe("/masks/history/some-masked");
    expect((await browser.get("/masks/history/everything")).status).toBe(404);
  });

  it("says of each list what will be in it when it is empty", async () => {
    const browser = await signedIn();
    const sentences = new Set<string | undefined>();
    for (const list of ["no-faces", "all-masked", "none-masked", "some-masked"]) {
      sentences.add(/eg-empty-title">([^<]+)</.exec(await (await browser.get(`/masks/history/${list}`)).text())?.[1]);
    }
    expect(sentences.size).toBe(4);
    expect(sentences).not.toContain(undefined);
  });

  it("pages through a long list, newest first", async () => {
    const browser = await signedIn();
    for (let index = 0; index < 14; index++) await browser.upload(scriptedPhoto(0, 0), { name: `photo ${index}.jpg` });
    const first = await (await browser.get("/masks/history/no-faces")).text();
    expect(first).toContain("1 to 12 of 14");
    expect(first.indexOf("photo 13.jpg")).toBeGreaterThan(-1);
    expect(first.indexOf("photo 13.jpg")).toBeLessThan(first.indexOf("photo 2.jpg"));
    expect(first).not.toContain(">Newer<");
    const second = await (await browser.get("/masks/history/no-faces?page=2")).text();
    expect(second).toContain("13 to 14 of 14");
    expect(second).not.toContain(">Older<");
    expect(await (await browser.get("/masks/history/no-faces?page=99")).text()).toContain("13 to 14 of 14");
  });
});

describe("a photo", () => {
  async function uploaded(): Promise<{ owner: Browser; path: string }> {
    const owner = await signedIn();
    return { owner, path: (await owner.upload(scriptedPhoto(2, 1))).headers.get("location") ?? "" };
  }

  it("gives its owner the three files, to keep for a while and without rights of their own", async () => {
    const { owner, path } = await uploaded();
    const original = await owner.get(`${path}/original`);
    expect(await original.text()).toBe("photo 2/1");
    expect(Object.fromEntries(original.headers)).toMatchObject({
      "content-type": "image/jpeg",
      "cache-control": "private, max-age=3600, immutable",
      "content-security-policy": "default-src 'none'; sandbox",
      "content-length": "9",
    });
    expect(await (await owner.get(`${path}/annotated`)).text()).toBe("annotated photo 2/1");
    expect(await (await owner.get(`${path}/thumbnail`)).text()).toBe("thumbnail photo 2/1");
    const again = await owner.get(`${path}/original`, {
      "if-none-match": original.headers.get("etag") ?? "",
      "cache-control": "max-age=0", // fetch would ask for no-cache
    });
    expect(again.status).toBe(304);
    const download = await owner.get(`${path}/annotated?download`);
    expect(download.headers.get("content-disposition")).toMatch(/^attachment; filename="?team-annotated\.jpg"?$/);
  });

  it("does not exist for others, whatever they ask for", async () => {
    const { owner, path } = await uploaded();
    const other = await signedIn();
    for (const file of ["", "/original", "/annotated", "/thumbnail"])
      expect((await other.get(path + file)).status).toBe(404);
    expect((await other.submit(`${path}/delete`, {})).status).toBe(404);
    expect((await owner.get(path)).status).toBe(200);
    for (const odd of ["/masks/1", "/masks/..%2f", `${path}/other`, "/masks/00000000-0000-4000-8000-000000000000"])
      expect((await owner.get(odd)).status).toBe(404);
  });

  it("is gone after it was deleted: page, row and objects", async () => {
    const { owner, path } = await uploaded();
    const before = store.objects.size;
    const answer = await owner.submit(`${path}/delete`, {});
    expect({ status: answer.status, to: answer.headers.get("location") }).toEqual({
      status: 303,
      to: "/masks/history/some-masked",
    });
    expect((await owner.get(path)).status).toBe(404);
    expect(store.objects.size).toBe(before - 3);
    expect(await (await owner.get("/masks/history/some-masked")).text()).toContain("Deleted.");
  });
});

describe("leftovers", () => {
  it("are swept when they are old and no row names them; photos and uploads under way stay", async () => {
    const owner = await signedIn();
    await owner.upload(scriptedPhoto(1, 1));
    const now = new Date();
    const old = new Date(now.getTime() - 2 * 3_600_000);
    for (const object of store.objects.values()) object.modifiedAt = old;
    const orphan = (id: string, modifiedAt: Date) =>
      store.objects.set(`test/7/${id}/original.jpg`, {
        body: Buffer.from("x"),
        contentType: undefined,
        encryption: undefined,
        modifiedAt,
      });
    const before = store.objects.size;
    orphan("11111111-1111-4111-8111-111111111111", old);
    orphan("22222222-2222-4222-8222-222222222222", now);
    expect(await sweepLeftovers({ db: database.db, photos: store.photos }, now)).toBe(1);
    expect(store.objects.has("test/7/22222222-2222-4222-8222-222222222222/original.jpg")).toBe(true);
    expect(store.objects.size).toBe(before + 1);
  });

  it("stay until the sweep when S3 fails after a row was deleted", async () => {
    const owner = await signedIn();
    const path = (await owner.upload(scriptedPhoto(1, 1))).headers.get("location") ?? "";
    store.failWhen = (method) => method === "POST";
    onTestFinished(() => {
      store.failWhen = () => false;
    });
    expect((await owner.submit(`${path}/delete`, {})).status).toBe(303);
    expect((await owner.get(path)).status).toBe(404);
    store.failWhen = () => false;
    const later = new Date(Date.now() + 2 * 3_600_000);
    expect(await sweepLeftovers({ db: database.db, photos: store.photos }, later)).toBeGreaterThanOrEqual(3);
    const { rows } = await sql<{ photos: number }>`select count(*) as photos from images`.execute(database.db);
    await waitUntil("only photos with rows are left", () => store.objects.size === Number(rows[0]?.photos) * 3);
  });
});
