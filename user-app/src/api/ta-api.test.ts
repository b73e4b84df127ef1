import { request } from "node:http";
import { connect } from "node:net";
import { createPasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { createRateLimiter, type RateLimiter } from "@elastic-gas/shared/accounts/rate-limit";
import { createSignInLimits, PAIR_LIMIT } from "@elastic-gas/shared/accounts/sign-in";
import { createUser } from "@elastic-gas/shared/accounts/users";
import { createDatabasePool, schemaOf } from "@elastic-gas/shared/database/connect";
import { createLogger } from "@elastic-gas/shared/logger";
import { serve } from "@elastic-gas/shared/web/serve";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { hugePicture, readSample } from "@elastic-gas/testing/user-app/mask-samples";
import {
  createScriptedDetector,
  type ScriptedDetector,
  scriptedPhoto,
} from "@elastic-gas/testing/user-app/test-detector";
import { type ObjectServer, startObjectServer } from "@elastic-gas/testing/user-app/test-object-server";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import express from "express";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type MaskDetector, startMaskDetector } from "../masks/detector/mask-detector.ts";
import { SHIPPED_MODEL } from "../masks/model/mask-model.ts";
import { REGISTER_LIMIT, type TaApiDeps, taApi } from "./ta-api.ts";

let database: TestDatabase;
let store: ObjectServer;
let detector: ScriptedDetector;
let origin: string;
let port: number;
const closers: (() => unknown)[] = [];
const passwords = createPasswordVerifier();

beforeAll(async () => {
  database = await createTestDatabase();
  store = await startObjectServer();
  detector = createScriptedDetector();
  ({ origin, port } = await startApi({}));
  await createUser(database.db, { username: "ta", passwordHash: await passwords.hash("pass") });
});
beforeEach(() => detector.reset());
afterEach(() => vi.waitFor(() => expect(detector.queued(), "places not given back").toBe(0), 60_000));
afterAll(async () => {
  for (const close of closers.reverse()) await close();
  await store?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function startApi(overrides: Partial<TaApiDeps>): Promise<{ origin: string; port: number }> {
  const pool = createDatabasePool({ url: database.url, connectionLimit: 4 });
  const limiter = (limit: Parameters<typeof createRateLimiter>[1]): RateLimiter =>
    createRateLimiter({ pool, schema: schemaOf(database.url) }, limit);
  const app = express();
  app.use(
    taApi({
      db: database.db,
      photos: store.photos,
      detector,
      log: createLogger("test", "silent"),
      passwords,
      limits: createSignInLimits({ pool, schema: schemaOf(database.url) }, "api"),
      registerLimit: limiter(REGISTER_LIMIT),
      registerEnabled: true,
      ...overrides,
    }),
  );
  const listening = await serve(app, { host: "127.0.0.1", port: 0 });
  closers.push(
    () => listening.close(0),
    () => pool.end(),
  );
  return { origin: `http://127.0.0.1:${listening.port}`, port: listening.port };
}

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: string;
  readonly headers: Headers;
}

async function post(path: string, body?: BodyInit, headers?: Record<string, string>): Promise<Answer> {
  const response = await fetch(new URL(path, origin), {
    method: "POST",
    ...(body === undefined ? {} : { body }),
    ...(headers ? { headers } : {}),
  });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    body: await response.text(),
    headers: response.headers,
  };
}

/** As the course's generator sends it: the file first, as application/octet-stream. */
function uploadForm(photo: Uint8Array, overrides: { username?: string; password?: string } = {}): FormData {
  const form = new FormData();
  form.append("file", new Blob([Uint8Array.from(photo)], { type: "application/octet-stream" }), "IMG_1.jpg");
  form.append("username", overrides.username ?? "ta");
  form.append("password", overrides.password ?? "pass");
  return form;
}
const multipart = (fields: Record<string, string>) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
};

function expectFailure(answer: Answer, status: number, message: RegExp | string): void {
  expect({ status: answer.status, type: answer.type, body: JSON.parse(answer.body) }).toEqual({
    status,
    type: "application/json; charset=utf-8",
    body: {
      success: false,
      error: { code: status, message: typeof message === "string" ? message : expect.stringMatching(message) },
    },
  });
}

async function photosOf(username: string): Promise<number> {
  const rows = await database.db
    .selectFrom("images")
    .innerJoin("users", "users.id", "images.userId")
    .select("images.id")
    .where("username", "=", username)
    .execute();
  return rows.length;
}

describe("POST /api/register", () => {
  it("takes a urlencoded form and answers exactly the course's JSON", async () => {
    const answer = await post("/api/register", new URLSearchParams({ username: "käthe +&=", password: "pass" }));
    expect(answer).toMatchObject({ status: 200, type: "application/json; charset=utf-8", body: '{"success":true}' });
    const row = await database.db
      .selectFrom("users")
      .selectAll()
      .where("username", "=", "käthe +&=")
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ role: "free_user", isAdmin: false });
    expect(row.passwordHash).toMatch(/^\$2b\$1\d\$/);
  });

  it("takes a multipart form, in any order of fields", async () => {
    expect((await post("/api/register", multipart({ password: "pass", username: "multi" }))).body).toBe(
      '{"success":true}',
    );
  });

  it.each(["TA", "ｔａ", "tа"])("makes no second account that looks like another: %j", async (username) => {
    const answer = await post("/api/register", multipart({ username, password: "p" }));
    expect([400, 409]).toContain(answer.status);
  });

  it("answers 409 for a name that is taken, also when two register it at once", async () => {
    expectFailure(
      await post("/api/register", multipart({ username: "ta", password: "other" })),
      409,
      "This user name is taken.",
    );
    const twice = await Promise.all(
      [1, 2].map(() => post("/api/register", multipart({ username: "race", password: "p" }))),
    );
    expect(twice.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  });

  it.each([
    { what: "no password", fields: { username: "x" }, message: "The field password is missing." },
    { what: "no fields", fields: {}, message: /username is missing.*password is missing/ },
    { what: "an empty name", fields: { username: "", password: "p" }, message: "A user name is needed." },
    { what: "a name of 101 characters", fields: { username: "x".repeat(101), password: "p" }, message: /At most 100/ },
    { what: "a password of 73 bytes", fields: { username: "x", password: "x".repeat(73) }, message: /At most 72/ },
  ])("answers 400 for $what", async ({ fields, message }) => {
    expectFailure(await post("/api/register", new URLSearchParams(Object.entries(fields))), 400, message);
  });

  it("takes names of 100 characters and passwords of 72 bytes", async () => {
    const answer = await post(
      "/api/register",
      new URLSearchParams({ username: "n".repeat(100), password: "p".repeat(72) }),
    );
    expect(answer.body).toBe('{"success":true}');
  });

  it("answers 403 when it is switched off", async () => {
    const off = await startApi({ registerEnabled: false });
    expectFailure(
      await post(`${off.origin}/api/register`, new URLSearchParams({ username: "late", password: "p" })),
      403,
      /switched off/,
    );
  });

  it("answers 429 beyond its limit, which lets at least 120 a minute through", async () => {
    expect((REGISTER_LIMIT.points * 60) / REGISTER_LIMIT.perSeconds).toBeGreaterThanOrEqual(120);
    let left = 1;
    const registerLimit: RateLimiter = {
      consume: async () => (left-- > 0 ? undefined : 7),
      check: async () => undefined,
      has: async () => false,
      reset: async () => {},
    };
    const limited = await startApi({ registerLimit });
    expect((await post(`${limited.origin}/api/register`, multipart({ username: "one", password: "p" }))).status).toBe(
      200,
    );
    const refused = await post(`${limited.origin}/api/register`, multipart({ username: "two", password: "p" }));
    expectFailure(refused, 429, /Try again in 7\ss/);
    expect(refused.headers.get("retry-after")).toBe("7");
  });
});

describe("POST /api/upload", () => {
  it("takes the file before the credentials and answers exactly the course's JSON, the same each time", async () => {
    const before = await photosOf("ta");
    const answers = [
      await post("/api/upload", uploadForm(scriptedPhoto(3, 1))),
      await post("/api/upload", uploadForm(scriptedPhoto(3, 1))),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 200,
        body: '{"success":true,"payload":{"num_faces":3,"num_masked":1,"num_unmasked":2}}',
      });
    }
    expect(await photosOf("ta")).toBe(before + 2);
  });

  it("keeps three encrypted objects under the user's own prefix, and their places in the row", async () => {
    await post("/api/upload", uploadForm(scriptedPhoto(2, 2)));
    const row = await database.db
      .selectFrom("images")
      .selectAll()
      .orderBy("createdAt", "desc")
      .where("faces", "=", 2)
      .executeTakeFirstOrThrow();
    const folder = `test/${row.userId}/${row.id}`;
    expect([row.originalKey, row.annotatedKey, row.thumbnailKey]).toEqual([
      `${folder}/original.jpg`,
      `${folder}/annotated.jpg`,
      `${folder}/thumbnail.jpg`,
    ]);
    expect(store.objects.get(row.originalKey)).toMatchObject({
      body: Buffer.from("photo 2/2"),
      contentType: "image/jpeg",
      encryption: "AES256",
    });
    expect(store.objects.get(row.annotatedKey)?.body.toString()).toBe("annotated photo 2/2");
    expect(row).toMatchObject({
      fileName: "IMG_1.jpg",
      width: 640,
      height: 480,
      sizeBytes: 9,
      faces: 2,
      masked: 2,
      unmasked: 0,
    });
    expect(row.boxes).toHaveLength(2);
  });

  it("takes the credentials before the file as well", async () => {
    const form = multipart({ username: "ta", password: "pass" });
    form.append("file", new Blob([Uint8Array.from(scriptedPhoto(0, 0))]), "x");
    expect((await post("/api/upload", form)).body).toBe(
      '{"success":true,"payload":{"num_faces":0,"num_masked":0,"num_unmasked":0}}',
    );
  });

  it("answers 401 for a wrong password and for an unknown user, with the same sentence", async () => {
    const wrong = await post("/api/upload", uploadForm(scriptedPhoto(1, 1), { password: "wrong" }));
    const unknown = await post("/api/upload", uploadForm(scriptedPhoto(1, 1), { username: "nobody" }));
    expectFailure(wrong, 401, "The user name or the password is wrong.");
    expect(unknown.body).toBe(wrong.body);
  });

  it("answers 400 without a file, with an empty file, and without credentials", async () => {
    expectFailure(await post("/api/upload", multipart({ username: "ta", password: "pass" })), 400, /file is missing/);
    expectFailure(
      await post("/api/upload", multipart({ username: "ta", password: "pass", file: "text" })),
      400,
      /file is missing/,
    );
    expectFailure(await post("/api/upload", uploadForm(new Uint8Array())), 400, /file is missing/);
    expectFailure(
      await post("/api/upload", new URLSearchParams({ username: "ta", password: "pass" })),
      400,
      /file is missing/,
    );
    const form = new FormData();
    form.append("file", new Blob(["photo 1/1"]), "x.jpg");
    expectFailure(await post("/api/upload", form), 400, /username is missing/);
  });

  it("answers 415 for what is no picture and 422 for a damaged one, and keeps nothing", async () => {
    const before = store.objects.size;
    expectFailure(await post("/api/upload", uploadForm(Buffer.from("plain text"))), 415, "This is not a picture.");
    expectFailure(await post("/api/upload", uploadForm(Buffer.from("damaged"))), 422, "This picture is damaged.");
    expect(store.objects.size).toBe(before);
  });

  it("answers 413 for a photo above 10 MB, announced or not", async () => {
    const large = uploadForm(new Uint8Array(10_000_001));
    expectFailure(await post("/api/upload", large), 413, "The photo is larger than 10\u00a0MB.");
    const endless = await sendChunked(13_000_000);
    expect(endless).toContain(" 413 ");
    expect(endless).toContain('{"success":false,"error":{"code":413,');
    expectFailure(await post("/api/upload", uploadForm(new Uint8Array(10_000_000))), 415, "This is not a picture.");
  });

  it.each([
    { what: "no content type", type: undefined, body: "x", status: 415 },
    { what: "JSON", type: "application/json", body: "{}", status: 415 },
    { what: "a multipart type without boundary", type: "multipart/form-data", body: "x", status: 400 },
    { what: "a body without the boundary", type: "multipart/form-data; boundary=b", body: "nonsense", status: 400 },
    {
      what: "a part that does not end",
      type: "multipart/form-data; boundary=b",
      body: '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
      status: 400,
    },
    { what: "an empty body", type: "multipart/form-data; boundary=b", body: "", status: 400 },
  ])("answers $status as JSON for $what", async ({ type, body, status }) => {
    const answer = await post("/api/upload", Buffer.from(body), type === undefined ? {} : { "content-type": type });
    expectFailure(answer, status, /./);
  });

  it("answers 405 as JSON for other methods", async () => {
    for (const path of ["/api/upload", "/api/register"]) {
      for (const method of ["GET", "PUT", "DELETE"]) {
        const response = await fetch(new URL(path, origin), { method });
        expect(response.headers.get("allow")).toBe("POST");
        expect(await response.json()).toEqual({
          success: false,
          error: { code: 405, message: `${method} is not allowed here; use POST.` },
        });
      }
    }
  });

  it("refuses with 503 and Retry-After at once when the detector is busy, before it takes the body", async () => {
    detector.busySeconds = 12;
    const answer = await post("/api/upload", uploadForm(scriptedPhoto(1, 1)));
    expectFailure(answer, 503, "The detector is busy. Your photo was not taken; try again in 12\u00a0s.");
    expect(answer.headers.get("retry-after")).toBe("12");
    const early = await sendHeadOnly();
    expect(early).toContain(" 503 ");
  });

  it("answers 503 with what to do when the model is missing", async () => {
    detector.missing = "The mask model is missing. An administrator corrects MASK_MODEL.";
    expectFailure(
      await post("/api/upload", uploadForm(scriptedPhoto(1, 1))),
      503,
      "The mask model is missing. An administrator corrects MASK_MODEL.",
    );
  });

  it("answers 503 without telling why when S3 fails, and leaves no row and no object", async () => {
    const before = { photos: await photosOf("ta"), objects: store.objects.size };
    store.failWhen = (method, key) => method === "PUT" && key.endsWith("thumbnail.jpg");
    const answer = await post("/api/upload", uploadForm(scriptedPhoto(1, 0)));
    store.failWhen = () => false;
    expectFailure(answer, 503, "A service that this request needs does not answer. Try again in a moment.");
    expect({ photos: await photosOf("ta"), objects: store.objects.size }).toEqual(before);
  });

  it("keeps nothing when the sender leaves in the middle of the body or while the photo waits", async () => {
    const before = { photos: await photosOf("ta"), objects: store.objects.size, checks: detector.checks };
    await leaveMidBody();
    expect(detector.checks).toBe(before.checks);

    const release = Promise.withResolvers<void>();
    detector.hold = release.promise;
    const leaving = new AbortController();
    const gone = fetch(new URL("/api/upload", origin), {
      method: "POST",
      body: uploadForm(scriptedPhoto(1, 1)),
      signal: leaving.signal,
    });
    await waitUntil("the photo is being checked", () => detector.checks === before.checks + 1);
    leaving.abort();
    await expect(gone).rejects.toThrow();
    await waitUntil("the server saw it leave", () => detector.lastSignal?.aborted === true);
    release.resolve();
    // The next upload ends after the lost one would have.
    expect((await post("/api/upload", uploadForm(scriptedPhoto(1, 1)))).status).toBe(200);
    expect({ photos: await photosOf("ta"), objects: store.objects.size }).toEqual({
      photos: before.photos + 1,
      objects: before.objects + 3,
    });
  });

  it("keeps nothing when all data are deleted while the photo is checked", async () => {
    const before = store.objects.size;
    const release = Promise.withResolvers<void>();
    detector.hold = release.promise;
    const checks = detector.checks;
    const answer = post("/api/upload", uploadForm(scriptedPhoto(1, 1)));
    await waitUntil("the photo is being checked", () => detector.checks === checks + 1);
    await database.db.updateTable("settings").set({ value: "2" }).where("name", "=", "data_generation").execute();
    release.resolve();
    expectFailure(await answer, 409, /were deleted while the photo was checked/);
    expect(store.objects.size).toBe(before);
  });

  it("limits failed attempts on one name before it hashes", async () => {
    await createUser(database.db, { username: "target", passwordHash: await passwords.hash("right") });
    for (let attempt = 0; attempt < PAIR_LIMIT.points; attempt++) {
      expect(
        (
          await post(
            "/api/upload",
            uploadForm(scriptedPhoto(1, 1), { username: "target", password: `guess ${attempt}` }),
          )
        ).status,
      ).toBe(401);
    }
    const limited = await post(
      "/api/upload",
      uploadForm(scriptedPhoto(1, 1), { username: "target", password: "right" }),
    );
    expectFailure(limited, 429, /Too many failed attempts/);
    expect((await post("/api/upload", uploadForm(scriptedPhoto(1, 1)))).status).toBe(200);
  });
});

it.each(["/api", "/api/nothing", "/api/upload/x"])(
  "answers %s, which does not exist, in the course's JSON",
  async (path) => {
    expectFailure(await post(path), 404, `There is nothing at ${path}.`);
  },
);

describe("POST /api/upload with the model", () => {
  it("counts faces in pictures, many at once", async () => {
    const real: MaskDetector = startMaskDetector({
      locateModel: async () => SHIPPED_MODEL,
      log: createLogger("test", "silent"),
    });
    closers.push(() => real.close());
    await waitUntil("the model is loaded", () => real.availability().kind === "ready");
    const api = await startApi({ detector: real });
    const photo = readSample("mixed-three.jpg");
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post(`${api.origin}/api/upload`, uploadForm(photo))),
    );
    expect(new Set(answers.map(({ body }) => body))).toEqual(
      new Set(['{"success":true,"payload":{"num_faces":3,"num_masked":1,"num_unmasked":2}}']),
    );
    for (const [bytes, status] of [
      [photo.subarray(0, 4000), 422],
      [Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"), 415],
      [Buffer.from("no picture"), 415],
      [hugePicture(), 413],
    ] as const) {
      const answer = await post(`${api.origin}/api/upload`, uploadForm(bytes));
      expectFailure(answer, status, /./);
    }
  });
});

const HEAD = "POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n";
const FILE_PART =
  '--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: application/octet-stream\r\n\r\n';

function sendHeadOnly(): Promise<string> {
  return exchange(`${HEAD}Content-Length: 5000000\r\n\r\n`);
}

function exchange(text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1", () => socket.write(text));
  socket.once("data", (data) => {
    resolve(data.toString());
    socket.destroy();
  });
  socket.once("error", reject);
  return promise;
}

/** A chunked body, so that its size is not announced. */
function sendChunked(sizeBytes: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const sender = request(
    new URL("/api/upload", origin),
    { method: "POST", headers: { "content-type": "multipart/form-data; boundary=b" } },
    async (res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of res) chunks.push(chunk);
      resolve(` ${res.statusCode} ${Buffer.concat(chunks)}`);
    },
  );
  sender.once("error", reject);
  sender.write(FILE_PART);
  for (let sent = 0; sent < sizeBytes; sent += 1_000_000) sender.write(Buffer.alloc(1_000_000));
  sender.end("\r\n--b--\r\n");
  return promise;
}

async function leaveMidBody(): Promise<void> {
  const closed = Promise.withResolvers<void>();
  const socket = connect(port, "127.0.0.1", () => {
    socket.write(`${HEAD}Content-Length: 5000000\r\n\r\n${FILE_PART}photo 1/1`, () => socket.destroy());
  });
  socket.once("close", () => closed.resolve());
  await closed.promise;
}
