import { gzipSync } from "node:zlib";
import { HeadObjectCommand, NotFound, PutObjectCommand } from "@aws-sdk/client-s3";
import { formatUtc } from "@elastic-gas/shared/format/times";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { startTestApp, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPERATIONS } from "./annotation-operations.ts";
import { ApiJobWithSummary } from "./annotation-schemas.ts";

const VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t100\t.\tA\tG\t50\tPASS\t.\n";

let app: TestApp;
let writeToken: string;
let readToken: string;
let otherToken: string;
let userId: number;
beforeAll(async () => {
  app = await startTestApp(await startTestCloud(), { API_REQUESTS_PER_MINUTE: "1000" });
  userId = await app.makeUser("ada");
  await app.makeUser("eve");
  writeToken = await makeToken("ada", "write");
  readToken = await makeToken("ada", "read");
  otherToken = await makeToken("eve", "write");
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
});

async function makeToken(username: string, scope: string): Promise<string> {
  const browser = await app.signedIn(username);
  await browser.get("/profile/tokens");
  await browser.submit("/profile/tokens", { name: `${scope} token`, scope });
  const shown = /egu_[\w-]{43}/.exec((await browser.get("/profile/tokens")).text)?.[0];
  expect((await browser.get("/profile/tokens")).text).not.toContain(shown);
  return shown ?? "none";
}

interface Call {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Record<string, string>;
  readonly body?: BodyInit;
}

const call = (path: string, { method = "GET", token = writeToken, headers = {}, body }: Call = {}) =>
  fetch(new URL(`/api/v1${path}`, app.origin), {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    body: body ?? null,
    redirect: "manual",
  });
const send = (query: string, more: Call = {}) => call(`/annotations?${query}`, { method: "POST", body: VCF, ...more });
const refusal = async (response: Response) => [response.status, (await response.json()).error.message];

async function submitted(query = "filename=panel.vcf", more: Call = {}): Promise<string> {
  const answer = await send(query, more);
  expect(answer.status).toBe(202);
  return (await answer.json()).id as string;
}

async function complete(id: string): Promise<void> {
  const resultKey = `test/${userId}/${id}~panel.annot.vcf`;
  const logKey = `test/${userId}/${id}~panel.vcf.count.log`;
  await app.s3.send(new PutObjectCommand({ Bucket: "test-results", Key: resultKey, Body: "annotated" }));
  await app.s3.send(new PutObjectCommand({ Bucket: "test-results", Key: logKey, Body: "Total: 1\n" }));
  await app.db
    .updateTable("jobs")
    .set({ status: "COMPLETED", startedAt: new Date(), completedAt: new Date(), resultKey, logKey, resultSize: 9 })
    .where("id", "=", id)
    .execute();
}

async function isStored(bucket: string, key: string): Promise<boolean> {
  try {
    await app.s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}

describe("tokens of users", () => {
  it("open their owner's API only, within their scope, until they are revoked", async () => {
    const anonymous = await fetch(new URL("/api/v1/annotations", app.origin));
    expect([anonymous.status, anonymous.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect((await call("/annotations", { token: "egu_wrong" })).status).toBe(401);
    expect((await call("/annotations", { token: readToken })).status).toBe(200);
    expect(await refusal(await send("filename=a.vcf", { token: readToken }))).toEqual([
      403,
      "This token may only read.",
    ]);

    const token = await makeToken("ada", "write");
    const browser = await app.signedIn("ada");
    const { id } = await app.db.selectFrom("apiTokens").select("id").orderBy("id", "desc").executeTakeFirstOrThrow();
    const eve = await app.signedIn("eve");
    await eve.get("/profile/tokens");
    expect((await eve.submit(`/profile/tokens/${id}/revoke`)).status).toBe(404);
    expect((await call("/annotations", { token })).status).toBe(200);
    await browser.get("/profile/tokens");
    expect((await browser.submit(`/profile/tokens/${id}/revoke`)).status).toBe(303);
    expect((await call("/annotations", { token })).status).toBe(401);
  });

  it("end after 90 days, or what was chosen, and then say so", async () => {
    const browser = await app.signedIn("ada");
    const newest = () =>
      app.db.selectFrom("apiTokens").selectAll().orderBy("id", "desc").limit(1).executeTakeFirstOrThrow();
    const page = async () => (await browser.get("/profile/tokens")).text.replaceAll("\u00a0", " ");
    const days = async () => {
      const { createdAt, expiresAt } = await newest();
      return expiresAt === null ? null : Math.round((expiresAt.getTime() - createdAt.getTime()) / 86_400_000);
    };
    await page();
    for (const [lifetime, expected] of [
      ["30", 30],
      ["365", 365],
      ["none", null],
    ] as const) {
      await browser.submit("/profile/tokens", { name: "lasting", scope: "read", lifetime });
      expect(await days()).toBe(expected);
    }
    expect((await browser.submit("/profile/tokens", { name: "odd", scope: "read", lifetime: "9999" })).status).toBe(
      400,
    );
    const token = await makeToken("ada", "read");
    expect(await days()).toBe(90);
    expect(await page()).toMatch(/<td><time[^>]*>\d+ \w+ \d{4}<\/time> \(in 90 days\)<\/td>/);
    expect((await call("/annotations", { token })).status).toBe(200);
    const expiresAt = new Date(Date.now() - 1);
    const { id } = await newest();
    await app.db.updateTable("apiTokens").set({ expiresAt }).where("id", "=", id).execute();
    expect(await refusal(await call("/annotations", { token }))).toEqual([
      401,
      `This token expired at ${formatUtc(expiresAt)}. Make a new one on the page API tokens.`,
    ]);
    expect(await page()).toContain(">expired</span>");
    await app.db.deleteFrom("apiTokens").where("name", "in", ["lasting"]).execute();
  });

  it("are at most 50 of one user, also when they are asked for at once", async () => {
    const userId = await app.makeUser("collector");
    const collector = await app.signedIn("collector");
    await collector.get("/profile/tokens");
    const row = (n: number) => ({ userId, name: `t${n}`, scope: "read" as const, usedAt: null, revokedAt: null });
    const rows = Array.from({ length: 48 }, (_, n) => ({ ...row(n), tokenHash: `${n}`.padStart(64, "0") }));
    await app.db
      .insertInto("apiTokens")
      .values(rows.map((each) => ({ ...each, audience: "user" as const })))
      .execute();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => collector.submit("/profile/tokens", { name: "one more", scope: "read" })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 303, ...Array(6).fill(409)]);
  });

  it("are no tokens of the manager, nor the other way round", async () => {
    await app.db.updateTable("apiTokens").set({ audience: "manager" }).where("name", "=", "read token").execute();
    expect((await call("/annotations", { token: readToken })).status).toBe(401);
    await app.db.updateTable("apiTokens").set({ audience: "user" }).where("name", "=", "read token").execute();
  });
});

describe("POST /api/v1/annotations", () => {
  it("takes a raw body and answers id, status, build and where to ask, and nothing else", async () => {
    const answer = await send("filename=cohort.vcf&build=GRCh37&name=My%20run");
    const body = await answer.json();
    expect(answer.status).toBe(202);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      status: "PENDING",
      build: "GRCh37",
      statusUrl: `${app.origin}/api/v1/annotations/${body.id}`,
    });
    expect(answer.headers.get("location")).toBe(body.statusUrl);
    const job = await app.db.selectFrom("jobs").selectAll().where("id", "=", body.id).executeTakeFirstOrThrow();
    expect(job).toMatchObject({
      userId,
      inputName: "cohort.vcf",
      inputSize: VCF.length,
      build: "GRCh37",
      title: "My run",
    });
    const head = await app.s3.send(new HeadObjectCommand({ Bucket: "test-inputs", Key: job.inputKey }));
    expect(head).toMatchObject({ ServerSideEncryption: "AES256", ETag: job.inputEtag, ContentLength: VCF.length });
    const status = await fetch(body.statusUrl, { headers: { authorization: `Bearer ${readToken}` } });
    expect(ApiJobWithSummary.parse(await status.json())).toMatchObject({
      id: body.id,
      status: "PENDING",
      name: "My run",
      fileName: "cohort.vcf",
      cancelled: false,
      resultUrl: null,
    });
    const messages = await app.db.selectFrom("outbox").select("body").where("queue", "=", "jobRequests").execute();
    expect(messages.filter((message) => message.body.includes(body.id))).toHaveLength(1);
  });

  it("takes the part file of a form with its name and choices", async () => {
    const form = new FormData();
    form.append("build", "GRCh38");
    form.append("file", new Blob([VCF]), "from a form.vcf");
    const id = await submitted("", { body: form });
    const job = await app.db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    expect(job).toMatchObject({ inputName: "from a form.vcf", build: "GRCh38", inputSize: VCF.length });
  });

  it.each([
    ["hg19", "GRCh37"],
    ["GRCh38.P14", "GRCh38"],
    ["HG18", "NCBI36"],
  ])("takes the build by the name %s and answers %s", async (name, build) => {
    const answer = await (await send(`filename=a.vcf&build=${name}`)).json();
    expect(answer).toMatchObject({ build });
    expect(await (await call(`/annotations/${answer.id}`)).json()).toMatchObject({ build });
    await call(`/annotations/${answer.id}`, { method: "DELETE" });
  });

  it("refuses a build of no known name, also before a large file is sent, with the names that are", async () => {
    const sentence =
      '"mm10" is no genome build that is known here. Accepted are GRCh38 (or hg38, b38), GRCh37 (or hg19, b37) and NCBI36 (or hg18, b36), also with a patch such as GRCh38.p14, in upper or lower case; without one it is found out.';
    expect(await refusal(await send("filename=a.vcf&build=mm10"))).toEqual([400, sentence]);
    const post = (path: string, body: object) =>
      call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    expect(await refusal(await post("/uploads", { filename: "a.vcf", build: "mm10" }))).toEqual([400, sentence]);
    expect(await refusal(await post("/annotations", { key: "x", build: "mm10" }))).toEqual([400, sentence]);
    expect((await post("/uploads", { filename: "a.vcf", build: "hg19" })).status).toBe(201);
  });

  it("takes a file that was sent to the storage before, and no one else's", async () => {
    const body = JSON.stringify({ filename: "large.vcf" });
    const headers = { "content-type": "application/json" };
    const made = await call("/uploads", { method: "POST", headers, body });
    expect(made.status).toBe(201);
    const { url, fields, key } = await made.json();
    const form = new FormData();
    for (const [name, value] of Object.entries<string>(fields)) form.append(name, value);
    form.append("file", new Blob([VCF]), "large.vcf");
    expect((await fetch(url, { method: "POST", body: form })).status).toBe(201);
    const submit = (token: string) =>
      call("/annotations", { method: "POST", token, headers, body: JSON.stringify({ key }) });
    expect((await submit(otherToken)).status).toBe(403);
    const answers = [await submit(writeToken), await submit(writeToken)];
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    const [one, two] = await Promise.all(answers.map((answer) => answer.json()));
    expect(one.id).toBe(two.id);
  });

  it("makes one job of one Idempotency-Key, also of two requests at once, and another for another user", async () => {
    const headers = { "idempotency-key": "pipeline-run-0001" };
    const [a, b] = await Promise.all([
      submitted("filename=a.vcf", { headers }),
      submitted("filename=a.vcf", { headers }),
    ]);
    expect(a).toBe(b);
    expect(await submitted("filename=a.vcf", { headers })).toBe(a);
    expect(await submitted("filename=a.vcf", { headers, token: otherToken })).not.toBe(a);
    const { inputKey } = await app.db
      .selectFrom("jobs")
      .select("inputKey")
      .where("id", "=", a)
      .executeTakeFirstOrThrow();
    expect(await isStored("test-inputs", inputKey)).toBe(true);
    expect((await send("filename=a.vcf", { headers: { "idempotency-key": "short" } })).status).toBe(400);
    const rest = "Use a key of its own for each file and build.";
    const other = await send("filename=b.vcf", { headers, body: VCF.replace("\tA\t", "\tC\t") });
    expect(await refusal(other)).toEqual([
      409,
      expect.stringMatching(new RegExp(`^This Idempotency-Key was used for another file: a\\.vcf, .* ${rest}$`)),
    ]);
    expect(await refusal(await send("filename=a.vcf&build=hg19", { headers }))).toEqual([
      409,
      `This Idempotency-Key was used for another build of a.vcf. ${rest}`,
    ]);
  });

  it("refuses what it cannot take, in JSON, and keeps nothing", async () => {
    const before = await app.db.selectFrom("jobs").select("id").execute();
    expect(await refusal(await send("filename=a.vcf", { body: "" }))).toEqual([400, expect.stringContaining("empty")]);
    expect(await refusal(await send("filename=a.vcf", { body: new FormData() }))).toEqual([400, expect.any(String)]);
    const large = await send("filename=a.vcf", { body: VCF + "#".repeat(200_000) });
    expect(await refusal(large)).toEqual([413, expect.stringContaining("your plan takes up to")]);
    const justTooLarge = await send("filename=a.vcf", { body: VCF + "#".repeat(153_600) });
    expect(justTooLarge.status).toBe(413);
    const unpacksToMore = await send("filename=a.vcf.gz", { body: gzipSync(VCF + "#".repeat(3_100_000)) });
    expect(await refusal(unpacksToMore)).toEqual([413, expect.stringContaining("unpacks to more than")]);
    const broken = await call("/annotations", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{",
    });
    expect(broken.status).toBe(400);
    expect(await app.db.selectFrom("jobs").select("id").execute()).toHaveLength(before.length);
  });

  it.each([
    ["POST", "/annotations?filename=a.vcf&filename=b.vcf", "filename: it is given more than once."],
    ["POST", "/annotations?filename=a.vcf&build=hg19&build=hg38", "build: it is given more than once."],
    ["GET", "/annotations?q=a&q=b", "q: it is given more than once."],
    ["GET", `/annotations?q=${"a".repeat(101)}`, "q: at most 100 characters."],
  ])("%s %s is refused in words that name the parameter", async (method, path, message) => {
    const body = method === "POST" ? VCF : undefined;
    expect(await refusal(await call(path, { method, ...(body === undefined ? {} : { body }) }))).toEqual([
      400,
      message,
    ]);
  });

  it.each([
    [
      "POST",
      "/annotations?filename=a.vcf&genome=hg19",
      "The parameter “genome” is not known here. Known: filename, build, name.",
    ],
    ["GET", "/annotations?limit=5", "The parameter “limit” is not known here. Known: status, q, older."],
    ["GET", "/annotations?older=2026-11-30", "older: send it as an earlier answer gave it."],
    [
      "GET",
      `/annotations?older=2026-99-30T10:00:00.000Z_${"a".repeat(36)}`,
      "older: send it as an earlier answer gave it.",
    ],
  ])("%s %s is refused: what is not understood never means its default", async (method, path, message) => {
    const before = await app.db.selectFrom("jobs").select("id").execute();
    const body = method === "POST" ? VCF : undefined;
    expect(await refusal(await call(path, { method, ...(body === undefined ? {} : { body }) }))).toEqual([
      400,
      message,
    ]);
    expect(await app.db.selectFrom("jobs").select("id").execute()).toHaveLength(before.length);
  });

  it.each<[string, readonly (readonly [name: string, value: string | Blob])[], string]>([
    ["an unknown field", [["genome", "hg19"]], "The field “genome” is not known here. Known: filename, build, name."],
    [
      "a field given twice",
      [
        ["build", "hg19"],
        ["build", "hg38"],
      ],
      "build: it is given more than once.",
    ],
    ["a field that is too long", [["name", "n".repeat(1_001)]], "name: at most 1000 bytes."],
    [
      "more fields than are read",
      Array.from({ length: 11 }, (_, n) => [`f${n}`, ""] as const),
      "The form has more than 12 parts.",
    ],
    [
      "a second file",
      [["file", new Blob([VCF])]],
      "There are several parts named file. Send each file in a request of its own.",
    ],
    [
      "a file by another name",
      [["vcf", new Blob([VCF])]],
      "There is a file in the part vcf: send it in a part named file.",
    ],
  ])("a form with %s is refused, for it would be overlooked", async (_what, parts, message) => {
    const before = await app.db.selectFrom("jobs").select("id").execute();
    const form = new FormData();
    form.append("file", new Blob([VCF]), "a.vcf");
    for (const [name, value] of parts) form.append(name, value);
    expect(await refusal(await send("", { body: form }))).toEqual([400, message]);
    expect(await app.db.selectFrom("jobs").select("id").execute()).toHaveLength(before.length);
  });

  it("a form whose file came as a text says how to send it", async () => {
    const form = new FormData();
    form.append("file", VCF);
    expect(await refusal(await send("", { body: form }))).toEqual([
      400,
      "The part file came as a text. Send it as a file, with a file name: curl -F file=@NAME.",
    ]);
  });

  it.each([
    [
      "/uploads",
      { filename: "a.vcf", genome: "hg19" },
      "The field “genome” is not known here. Known: filename, build.",
    ],
    ["/annotations", { key: "x", genome: "hg19" }, "The field “genome” is not known here. Known: key, build, name."],
    ["/annotations?build=hg19", { key: "x" }, "The parameter “build” is not known here. No parameter is taken here."],
    ["/uploads", {}, "filename: it is missing."],
    ["/uploads", { filename: 5 }, "filename: a text is expected."],
    ["/annotations", [], "The body is no JSON object."],
  ])("a body for %s that does not fit is refused in words that name the field", async (path, body, message) => {
    const headers = { "content-type": "application/json" };
    const answer = await call(path, { method: "POST", headers, body: JSON.stringify(body) });
    expect(await refusal(answer)).toEqual([400, message]);
  });

  it("refuses while all data are deleted, and answers 405 and 404 in JSON", async () => {
    await app.db.insertInto("settings").values({ name: "delete_all", value: "1" }).execute();
    expect((await send("filename=a.vcf")).status).toBe(503);
    await app.db.deleteFrom("settings").where("name", "=", "delete_all").execute();
    expect((await call("/annotations", { method: "PUT" })).headers.get("allow")).toBe("POST, GET");
    expect(await refusal(await call("/nothing"))).toEqual([404, expect.any(String)]);
  });
});

describe("one annotation", () => {
  it("is its owner's only", async () => {
    const id = await submitted();
    for (const [path, method] of [
      [`/annotations/${id}`, "GET"],
      [`/annotations/${id}/result`, "GET"],
      [`/annotations/${id}/log`, "GET"],
      [`/annotations/${id}/cancel`, "POST"],
      [`/annotations/${id}`, "DELETE"],
    ] as const) {
      expect((await call(path, { method, token: otherToken })).status, `${method} ${path}`).toBe(404);
    }
    expect((await call("/annotations/nonsense")).status).toBe(400);
    const list = await (await call("/annotations", { token: otherToken })).json();
    expect(list.annotations.map((each: { id: string }) => each.id)).not.toContain(id);
  });

  it("gives result and log when it is completed, and says why not before", async () => {
    const id = await submitted();
    expect(await refusal(await call(`/annotations/${id}/result`))).toEqual([409, "The job is not finished yet."]);
    expect(await refusal(await call(`/annotations/${id}/log`))).toEqual([
      409,
      "There is no log yet. It begins when the job runs.",
    ]);
    await complete(id);
    const status = await (await call(`/annotations/${id}`)).json();
    expect(status).toMatchObject({ status: "COMPLETED", resultUrl: `${app.origin}/api/v1/annotations/${id}/result` });
    const result = await call(`/annotations/${id}/result`);
    expect(result.status).toBe(302);
    expect(await (await fetch(result.headers.get("location") ?? "")).text()).toBe("annotated");
    expect(await (await call(`/annotations/${id}/log`)).text()).toBe("Total: 1\n");
    const csv = await call(`/annotations/${id}/result?format=csv`);
    expect([csv.status, await csv.text()]).toEqual([200, expect.stringMatching(/^chrom,pos,id/)]);
    expect((await call(`/annotations/${id}/result?format=xlsx`)).status).toBe(400);
  });

  it("gives the log of a running job to its owner alone, said to be unfinished, and never another run's", async () => {
    const id = await submitted();
    const set = (columns: object) => app.db.updateTable("jobs").set(columns).where("id", "=", id).execute();
    const read = async () => {
      const answer = await call(`/annotations/${id}/log`);
      return [answer.status, answer.headers.get("x-log-state"), await answer.text()];
    };
    const start = "# Not finished: the job runs. The whole log comes with its end.\n";
    await set({ status: "RUNNING", attempt: 1, owner: "i-1" });
    expect(await read()).toEqual([200, "unfinished", start]);
    const text = "Records so far: 7\n<b>& ä</b>\n";
    await set({ runningLog: text, runningLogAttempt: 1 });
    expect(await read()).toEqual([200, "unfinished", start + text]);
    expect((await call(`/annotations/${id}`).then((answer) => answer.json())).logUrl).toBe(
      `${app.origin}/api/v1/annotations/${id}/log`,
    );
    expect((await call(`/annotations/${id}/log`, { token: otherToken })).status).toBe(404);
    // Taken over by a worker of an older release, which does not know of running logs.
    await set({ attempt: 2, owner: "i-2" });
    expect(await read()).toEqual([200, "unfinished", start]);
    await set({ status: "PENDING", attempt: 1 });
    expect((await call(`/annotations/${id}/log`)).status).toBe(409);
    await set({ status: "FAILED", attempt: 2, failure: "The file is empty." });
    expect(await refusal(await call(`/annotations/${id}/log`))).toEqual([
      409,
      "This job ended without a log. The job's page says why.",
    ]);
    const listed = async () => {
      const { annotations } = await (await call("/annotations")).json();
      return annotations.find((each: { id: string }) => each.id === id).logUrl;
    };
    expect(await listed()).toBeNull();
    await set({ runningLog: text, runningLogAttempt: 2, attempt: 2 });
    expect(await read()).toEqual([200, "whole", `${text}\nEnded without a result: The file is empty.\n`]);
    expect(await listed()).toBe(`${app.origin}/api/v1/annotations/${id}/log`);
    expect((await call(`/annotations/${id}/log`, { token: otherToken })).status).toBe(404);
    await complete(id);
    expect(await read()).toEqual([200, "whole", "Total: 1\n"]);
  });

  it("is cancelled while it waits or runs, and not after", async () => {
    const id = await submitted();
    await app.db
      .updateTable("jobs")
      .set({ status: "RUNNING", attempt: 1, owner: "i-1", runningLog: "so far\n", runningLogAttempt: 1 })
      .where("id", "=", id)
      .execute();
    const cancelled = await (await call(`/annotations/${id}/cancel`, { method: "POST" })).json();
    expect(cancelled).toMatchObject({ status: "FAILED", cancelled: true });
    expect(await (await call(`/annotations/${id}/log`)).text()).toBe(
      "so far\n\nEnded without a result: You cancelled this job.\n",
    );
    expect(await refusal(await call(`/annotations/${id}/cancel`, { method: "POST" }))).toEqual([
      409,
      "The job is finished; there is nothing to cancel.",
    ]);
    const row = await app.db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    expect(row).toMatchObject({ owner: null, leaseUntil: null, notifiedAt: expect.any(Date) });
  });

  it("is deleted with its files, but not with an input that another job shares", async () => {
    const id = await submitted();
    await complete(id);
    const row = await app.db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    const browser = await app.signedIn("ada");
    await browser.get(`/annotations/${id}`);
    const again = (await browser.submit(`/annotations/${id}/annotate-again`, { build: "GRCh37" })).location?.slice(-36);
    await app.db
      .updateTable("jobs")
      .set({ resultsFileArchiveId: "archive-1", archiveStore: "glacier-vault" })
      .where("id", "=", id)
      .execute();
    expect((await call(`/annotations/${id}`, { method: "DELETE" })).status).toBe(204);
    expect((await call(`/annotations/${id}`)).status).toBe(404);
    expect(await isStored("test-results", row.resultKey ?? "")).toBe(false);
    expect(await isStored("test-results", row.logKey ?? "")).toBe(false);
    expect(await isStored("test-inputs", row.inputKey)).toBe(true);
    const pending = await app.db.selectFrom("pendingDeletes").select(["store", "name"]).execute();
    expect(pending).toContainEqual({ store: "glacier-vault", name: "archive-1" });
    expect((await call(`/annotations/${again}`, { method: "DELETE" })).status).toBe(204);
    expect(await isStored("test-inputs", row.inputKey)).toBe(false);
  });
});

describe("the list and the document", () => {
  it("lists newest first, by status and name", async () => {
    const id = await submitted("filename=unmistakable.vcf");
    const found = await (await call("/annotations?q=unmistakable")).json();
    expect(found).toMatchObject({ annotations: [{ id, fileName: "unmistakable.vcf" }], older: null });
    const failed = await (await call("/annotations?status=failed&q=unmistakable")).json();
    expect(failed.annotations).toEqual([]);
  });

  it("describes every operation, without a token", async () => {
    const answer = await fetch(new URL("/api/v1/openapi.json", app.origin));
    const { openapi, paths } = await answer.json();
    expect(openapi).toBe("3.1.0");
    const { parameters } = paths["/annotations"].post;
    expect(parameters.find(({ name }: { name: string }) => name === "build").schema).toEqual({
      type: "string",
      description: expect.stringContaining("hg19"),
    });
    const documented = Object.entries<object>(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(documented.sort()).toEqual(OPERATIONS.map(({ method, path }) => `${method} ${path}`).sort());
    for (const { method, path, status } of OPERATIONS) {
      expect(paths[path][method].responses[status], `${method} ${path}`).toBeDefined();
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const given = paths[path][method].parameters.filter((each: { in: string }) => each.in === "path");
      expect(
        given.map((each: { name: string }) => each.name),
        path,
      ).toEqual(names);
    }
  });
});
