import { randomUUID } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { median } from "@elastic-gas/shared/median";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { VCF_SAMPLES } from "@elastic-gas/shared/samples";
import { serve } from "@elastic-gas/shared/web/serve";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { type Browser, startTestApp, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import express from "express";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { sweepUploads } from "./sweep-uploads.ts";

const VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t100\t.\tA\tG\t50\tPASS\t.\n";

let app: TestApp;
beforeAll(async () => {
  // Stands for the public internet: one of the loopback addresses.
  const mayReach = (address: string) => address === "127.0.0.9";
  app = await startTestApp(await startTestCloud(), { FREE_RETENTION_SECONDS: "300" }, { mayReach });
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
});

/** What a job row has before anything happened to it. */
const NEW_JOB = {
  build: null,
  failure: null,
  owner: null,
  leaseUntil: null,
  progressPercent: null,
  startedAt: null,
  completedAt: null,
  notifiedAt: null,
  resultKey: null,
  logKey: null,
  resultSize: null,
  resultSha256: null,
  resultsFileArchiveId: null,
  archiveTier: null,
  archivedAt: null,
  restoreAskedAt: null,
} as const;

interface Policy {
  readonly url: string;
  readonly fields: Record<string, string>;
}

async function scriptPolicy(browser: Browser, fileName: string): Promise<Policy> {
  const page = await browser.get("/annotate");
  const answer = await fetch(new URL("/annotate/policy", app.origin), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-csrf-token": /data-csrf="([^"]+)"/.exec(page.text)?.[1] ?? "",
      cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
    },
    body: JSON.stringify({ fileName }),
  });
  if (!answer.ok) throw new Error(`No policy: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Policy;
}

function post({ url, fields }: Policy, name: string, content: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append("file", new Blob([content]), name);
  return fetch(url, { method: "POST", body: form, redirect: "manual" });
}

function plainPolicy(html: string): Policy {
  const form = /<form class="app-drop"[\s\S]*?<\/form>/.exec(html)?.[0] ?? "";
  const fields = [...form.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(
    ([, name = "", value = ""]) => [name, value.replaceAll("&quot;", '"').replaceAll("&amp;", "&")] as const,
  );
  return { url: /action="([^"]+)"/.exec(form)?.[1] ?? "", fields: Object.fromEntries(fields) };
}

/** The address that the page's script goes to after the upload. */
function submittedPath(policy: Policy): string {
  return `/annotate/job?${new URLSearchParams({ bucket: "test-inputs", key: policy.fields.key ?? "", etag: '"x"' })}`;
}

async function upload(
  browser: Browser,
  name = "panel.vcf",
  content: string | Uint8Array<ArrayBuffer> = VCF,
): Promise<{ path: string; jobId: string }> {
  const policy = await scriptPolicy(browser, name);
  const sent = await post(policy, name, content);
  expect(sent.status).toBe(201);
  const path = submittedPath(policy);
  return { path, jobId: /\/([0-9a-f-]{36})~/.exec(policy.fields.key ?? "")?.[1] ?? "" };
}

/** Ends a job as the annotator would. */
async function complete(jobId: string, completedAt = new Date()): Promise<void> {
  const { userId } = await app.db.selectFrom("jobs").select("userId").where("id", "=", jobId).executeTakeFirstOrThrow();
  const resultKey = `test/${userId}/${jobId}~panel.annot.vcf`;
  const logKey = `test/${userId}/${jobId}~panel.vcf.count.log`;
  await app.s3.send(new PutObjectCommand({ Bucket: "test-results", Key: resultKey, Body: "annotated" }));
  await app.s3.send(
    new PutObjectCommand({ Bucket: "test-results", Key: logKey, Body: "Total: 1\nIn <b>dbSNP</b>: n/a\n" }),
  );
  await app.db
    .updateTable("jobs")
    .set({ status: "COMPLETED", startedAt: completedAt, completedAt, resultKey, logKey, resultSize: 9 })
    .where("id", "=", jobId)
    .execute();
}

describe("from a file to a job", () => {
  it("works without script: plain form, S3's redirect, confirmation, one job, one message", async () => {
    const userId = await app.makeUser("plain");
    const browser = await app.signedIn("plain");
    const policy = plainPolicy((await browser.get("/annotate")).text);
    expect(Object.keys(policy.fields)).toEqual(
      expect.arrayContaining([
        "key",
        "Policy",
        "X-Amz-Signature",
        "acl",
        "x-amz-server-side-encryption",
        "success_action_redirect",
      ]),
    );
    const sent = await post({ ...policy, fields: { ...policy.fields, "x-amz-meta-build": "hg19" } }, "cohort.vcf", VCF);
    expect(sent.status).toBe(303);
    const location = new URL(sent.headers.get("location") ?? "");
    expect(location.origin).toBe("http://127.0.0.1:8080");
    const pages = [
      await browser.get(location.pathname + location.search),
      await browser.get(location.pathname + location.search),
    ];
    expect(pages.map((page) => page.status)).toEqual([303, 303]);
    const jobs = await app.db.selectFrom("jobs").selectAll().where("userId", "=", userId).execute();
    expect(jobs).toHaveLength(1);
    expect(jobs[0]).toMatchObject({
      inputName: "cohort.vcf",
      inputSize: VCF.length,
      status: "PENDING",
      build: "GRCh37",
    });
    expect(jobs[0]?.inputKey).toMatch(new RegExp(`^test/${userId}/${jobs[0]?.id}~cohort\\.vcf$`));
    expect(pages.map((page) => page.location)).toEqual(Array(2).fill(`/annotations/${jobs[0]?.id}`));
    expect((await browser.get(`/annotations/${jobs[0]?.id}`)).text).toContain("Request received.");
    const head = await app.s3.send(new HeadObjectCommand({ Bucket: "test-inputs", Key: jobs[0]?.inputKey }));
    expect(head).toMatchObject({ ServerSideEncryption: "AES256", ETag: jobs[0]?.inputEtag });
    const messages = await app.db.selectFrom("outbox").select("body").where("queue", "=", "jobRequests").execute();
    expect(messages.filter(({ body }) => body.includes(jobs[0]?.id ?? "-"))).toHaveLength(1);
  });

  it("works with script: a policy for one name, 201, and the choice of a build", async () => {
    await app.makeUser("script");
    const browser = await app.signedIn("script");
    const { path, jobId } = await upload(browser, "../../we<ird\u0000.vcf");
    const refused = await browser.get(`${path}&build=mm10`);
    expect([refused.status, refused.text.includes("no genome build that is known here")]).toEqual([400, true]);
    expect((await browser.get(`${path}&build=hg19`)).status).toBe(303);
    const job = await app.db.selectFrom("jobs").selectAll().where("id", "=", jobId).executeTakeFirstOrThrow();
    expect(job).toMatchObject({ build: "GRCh37", inputName: "we<ird.vcf" });
    // All three forms of the next file begin with that choice, and say so; until another one is made.
    const chosen = (text: string) => text.match(/<option value="GRCh37" selected>/g)?.length ?? 0;
    const { text } = await browser.get("/annotate");
    expect([chosen(text), text.includes("GRCh37 as for your last job.")]).toEqual([3, true]);
    const next = await upload(browser, "next.vcf");
    expect((await browser.get(next.path)).status).toBe(303);
    const after = (await browser.get("/annotate")).text;
    expect([chosen(after), after.includes("as for your last job")]).toEqual([0, false]);
    expect((await browser.get("/annotations")).text).toContain("we&lt;ird.vcf");
  });

  it("annotates pasted lines and each sample with one click, under the name that was given", async () => {
    const userId = await app.makeUser("paster");
    const browser = await app.signedIn("paster");
    await browser.get("/annotate");
    const text = VCF.replaceAll("\n", "\r\n"); // as forms send lines
    const pasted = await browser.submit("/annotate/paste", {
      text,
      build: "GRCh37",
      title: " \u202efrom\u0000 a mail ",
    });
    expect(pasted.location).toMatch(/^\/annotations\/[0-9a-f-]{36}$/);
    for (const { file } of VCF_SAMPLES)
      expect((await browser.submit("/annotate/sample", { file })).status, file).toBe(303);
    expect((await browser.submit("/annotate/sample", { file: "../../package.json" })).status).toBe(404);
    const jobs = await app.db.selectFrom("jobs").selectAll().where("userId", "=", userId).execute();
    expect(jobs.map(({ inputName }) => inputName).sort()).toEqual(
      ["pasted.vcf", ...VCF_SAMPLES.map(({ file }) => file)].sort(),
    );
    const job = jobs.find(({ inputName }) => inputName === "pasted.vcf");
    expect(job).toMatchObject({ build: "GRCh37", title: "from a mail", inputSize: VCF.length });
    const { Body } = await app.s3.send(new GetObjectCommand({ Bucket: "test-inputs", Key: job?.inputKey }));
    expect(await Body?.transformToString()).toBe(VCF);
    const list = await browser.get("/annotations?q=a+mail");
    expect(list.text).toContain("from a mail</a>");
    expect((await browser.submit("/annotate/paste", { text: "" })).status).toBe(400);
  });

  it("annotates a file by its address, and says beside the address why one is not fetched", async () => {
    const server = await serve(
      express()
        .get("/panels/heart.vcf", (_req, res) => res.send(VCF))
        .get("/large.vcf", (_req, res) => res.send(Buffer.alloc(200_000))),
      { host: "127.0.0.9", port: 0 },
    );
    onTestFinished(() => server.close(0));
    const userId = await app.makeUser("addresser");
    const browser = await app.signedIn("addresser");
    expect((await browser.get("/annotate")).text).toContain('action="/annotate/address"');
    const origin = `http://127.0.0.9:${server.port}`;
    const sent = await browser.submit("/annotate/address", { url: `${origin}/panels/heart.vcf`, build: "GRCh37" });
    expect(sent.location).toMatch(/^\/annotations\/[0-9a-f-]{36}$/);
    const refused = async (url: string) => browser.submit("/annotate/address", { url });
    const internal = await refused("http://127.0.0.1:1/a.vcf");
    expect(internal.status).toBe(422);
    expect(internal.text).toContain("Only public addresses can be fetched; 127.0.0.1 is a private address.");
    expect(internal.text).toContain('value="http://127.0.0.1:1/a.vcf"');
    expect((await refused(`${origin}/none.vcf`)).text).toContain("answered 404 instead of a VCF file.");
    const large = await refused(`${origin}/large.vcf`);
    expect(large.status).toBe(413);
    expect(large.text).toContain("Upgrade to Premium");
    const jobs = await app.db.selectFrom("jobs").selectAll().where("userId", "=", userId).execute();
    expect(jobs).toMatchObject([{ build: "GRCh37", inputName: "heart.vcf", inputSize: VCF.length }]);
  });

  it("delivers the request to the queue after the commit", async () => {
    await app.makeUser("sender");
    const browser = await app.signedIn("sender");
    const { path, jobId } = await upload(browser);
    await browser.get(path);
    await waitUntil("the message", async () => {
      const messages = await app.takeMessages("test-job-requests");
      return messages.some((message) => JSON.stringify(message).includes(jobId));
    });
  });

  it("refuses a Free file above the plan's limit with the upgrade link, and deletes it; Premium may send it", async () => {
    await app.makeUser("large");
    await app.makeUser("large premium", { premium: true });
    const large = VCF + "#".repeat(153_600);
    const free = await app.signedIn("large");
    const { path } = await upload(free, "large.vcf", large);
    const refused = await free.get(path);
    expect(refused.status).toBe(413);
    expect(refused.text).toContain("/subscribe");
    expect((await free.get(path)).status).toBe(404);
    const premium = await app.signedIn("large premium");
    const accepted = await upload(premium, "large.vcf", large);
    expect((await premium.get(accepted.path)).status).toBe(303);
  });

  it("refuses a small Free file that unpacks to more than the plan takes, and deletes it; Premium may send it", async () => {
    await app.makeUser("packer");
    await app.makeUser("packer premium", { premium: true });
    const fits = gzipSync(VCF + "#".repeat(3_000_000));
    const bomb = gzipSync(VCF + "#".repeat(3_100_000));
    const free = await app.signedIn("packer");
    const { path, jobId } = await upload(free, "small.vcf.gz", bomb);
    const refused = await free.get(path);
    expect(refused.status).toBe(413);
    expect(refused.text).toContain("unpacks to more than");
    expect(refused.text).toContain("/subscribe");
    expect((await free.get(path)).status).toBe(404);
    expect((await free.get(`/annotations/${jobId}`)).status).toBe(404);
    // Two members are one file.
    const halves = await upload(free, "halves.vcf.gz", Buffer.concat([fits, fits]));
    expect((await free.get(halves.path)).status).toBe(413);
    expect((await free.get((await upload(free, "fits.vcf.gz", fits)).path)).status).toBe(303);
    // What cannot be unpacked is the annotator's to explain.
    expect((await free.get((await upload(free, "broken.vcf.gz", bomb.subarray(0, 500))).path)).status).toBe(303);
    const premium = await app.signedIn("packer premium");
    expect((await premium.get((await upload(premium, "small.vcf.gz", bomb)).path)).status).toBe(303);
  });

  it("keeps an upload that S3 cannot give just now, and takes it up when S3 is back", async () => {
    await app.makeUser("patient");
    const browser = await app.signedIn("patient");
    const { path } = await upload(browser, "later.vcf.gz", gzipSync(VCF));
    const faults = `${app.config.AWS_ENDPOINT_URL}/_faults`;
    const fault = { kind: "internal-error", service: "s3", operation: "GetObject", durationSeconds: 600 };
    const set = await fetch(faults, {
      method: "POST",
      body: JSON.stringify(fault),
      headers: { "content-type": "application/json" },
    });
    expect(set.ok).toBe(true);
    expect((await browser.get(path)).status).toBe(503);
    await fetch(faults, { method: "DELETE" });
    expect((await browser.get(path)).status).toBe(303);
  });

  it("takes no more jobs of one user than may wait, also of two sent at once, and keeps the file", async () => {
    const userId = await app.makeUser("eager");
    const browser = await app.signedIn("eager");
    const rows = Array.from({ length: app.config.MAX_WAITING_JOBS - 1 }, () => {
      const id = randomUUID();
      return { id, userId, inputName: "a.vcf", inputKey: `test/${userId}/${id}~a.vcf`, inputEtag: "e", inputSize: 1 };
    });
    await app.db
      .insertInto("jobs")
      .values(rows.map((row) => ({ ...NEW_JOB, ...row })))
      .execute();
    const [a, b] = [await upload(browser), await upload(browser)];
    const answers = await Promise.all([browser.get(a.path), browser.get(b.path)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 429]);
    await app.db
      .updateTable("jobs")
      .set({ status: "FAILED" })
      .where("id", "=", rows[0]?.id ?? "")
      .execute();
    const refused = answers[0]?.status === 429 ? a : b;
    expect((await browser.get(refused.path)).status).toBe(303);
  });

  it("starts no failed jobs again beyond those that may wait, also of two started at once", async () => {
    const userId = await app.makeUser("overeager");
    const browser = await app.signedIn("overeager");
    const makeJobs = (count: number, columns: object) => {
      const rows = Array.from({ length: count }, () => {
        const id = randomUUID();
        const input = { inputName: "a.vcf", inputKey: `test/${userId}/${id}~a.vcf`, inputEtag: "e", inputSize: 1 };
        return { ...NEW_JOB, id, userId, ...input, ...columns };
      });
      return app.db
        .insertInto("jobs")
        .values(rows)
        .execute()
        .then(() => rows.map(({ id }) => id));
    };
    await makeJobs(app.config.MAX_WAITING_JOBS - 1, {});
    const failed = await makeJobs(2, { status: "FAILED", failure: "It was cut off.", completedAt: new Date() });
    await browser.get(`/annotations/${failed[0]}`);
    const answers = await Promise.all(failed.map((id) => browser.submit(`/annotations/${id}/run-again`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 429]);
    const rows = app.db.selectFrom("jobs").select("id").where("status", "=", "PENDING").where("userId", "=", userId);
    expect(await rows.execute()).toHaveLength(app.config.MAX_WAITING_JOBS);
  });

  it("sweeps files that were never submitted after a day, and no others", async () => {
    await app.makeUser("forgetful");
    const browser = await app.signedIn("forgetful");
    const [submitted, left] = [await upload(browser), await upload(browser)];
    await browser.get(submitted.path);
    const deps = { db: app.db, s3: app.s3, resources: resourcesOf(app.config) };
    const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000);
    expect(await sweepUploads(deps, inHours(23))).toBe(0);
    expect((await browser.get(left.path)).status).toBe(303);
    const forgotten = await upload(browser);
    expect(await sweepUploads(deps, inHours(25))).toBeGreaterThanOrEqual(1);
    expect((await browser.get(forgotten.path)).status).toBe(404);
    const kept = await app.db
      .selectFrom("jobs")
      .select("inputKey")
      .where("id", "in", [submitted.jobId, left.jobId])
      .execute();
    for (const { inputKey } of kept) {
      await app.s3.send(new HeadObjectCommand({ Bucket: "test-inputs", Key: inputKey }));
    }
  });

  it("never lets a file reach S3 that is above the ceiling of the policy", async () => {
    await app.makeUser("huge");
    const policy = await scriptPolicy(await app.signedIn("huge"), "huge.vcf");
    expect((await post(policy, "huge.vcf", new Uint8Array(10 * 1_048_576 + 1))).status).toBe(400);
  });

  it("gives nobody a job on another's upload", async () => {
    const ownerId = await app.makeUser("owner");
    await app.makeUser("thief");
    const { path, jobId } = await upload(await app.signedIn("owner"));
    const thief = await app.signedIn("thief");
    expect((await thief.get(path)).status).toBe(403);
    expect(await app.db.selectFrom("jobs").selectAll().where("id", "=", jobId).execute()).toEqual([]);
    for (const key of [`other/${ownerId}/${randomUUID()}~a.vcf`, "nonsense", `test/${ownerId}/x~a.vcf`]) {
      const query = new URLSearchParams({ bucket: "test-inputs", key });
      expect((await thief.get(`/annotate/job?${query}`)).status).toBe(404);
    }
    const elsewhere = new URLSearchParams({ bucket: "test-results", key: `test/${ownerId}/${randomUUID()}~a.vcf` });
    expect((await thief.get(`/annotate/job?${elsewhere}`)).status).toBe(404);
  });

  it("says so when the upload is not there", async () => {
    const userId = await app.makeUser("absent");
    const browser = await app.signedIn("absent");
    const query = new URLSearchParams({ bucket: "test-inputs", key: `test/${userId}/${randomUUID()}~a.vcf` });
    const page = await browser.get(`/annotate/job?${query}`);
    expect(page.status).toBe(404);
    expect(page.text).toContain("The upload is not there.");
  });
});

describe("the job's page", () => {
  async function completedJob(username: string, { premium = false, completedAt = new Date() } = {}) {
    const userId = await app.makeUser(username, { premium });
    const browser = await app.signedIn(username);
    const { path, jobId } = await upload(browser);
    await browser.get(path);
    await complete(jobId, completedAt);
    return { userId, browser, jobId, page: `/annotations/${jobId}` };
  }

  it("hides result and log until the job is complete, then gives both", async () => {
    await app.makeUser("watcher");
    const browser = await app.signedIn("watcher");
    const { path, jobId } = await upload(browser);
    await browser.get(path);
    const before = await browser.get(`/annotations/${jobId}`);
    expect(before.text).toContain('data-job-status="PENDING"');
    expect(before.text).not.toMatch(/data-job-(result|log)/);
    expect((await browser.get(`/annotations/${jobId}/log`)).status).toBe(404);
    expect((await browser.get(`/annotations/${jobId}/result`)).status).toBe(409);
    await complete(jobId);
    const after = await browser.get(`/annotations/${jobId}`);
    expect(after.text).toContain('data-job-status="COMPLETED"');
    expect(after.text).toMatch(/data-job-result/);
    expect(after.text).toMatch(/data-job-log/);
    expect(after.text).not.toContain("X-Amz-Signature");
    const log = await browser.get(`/annotations/${jobId}/log?s3_key_log_file=other`);
    expect(log.text).toContain("In &lt;b>dbSNP");
    expect(log.headers.get("content-type")).toContain("text/html");
  });

  it("downloads result and input by signed links of a minute, under their names", async () => {
    const { browser, page } = await completedJob("downloader");
    const link = new URL((await browser.get(`${page}/result`)).location ?? "");
    expect(Number(link.searchParams.get("X-Amz-Expires"))).toBeLessThanOrEqual(60);
    const result = await fetch(link);
    expect(await result.text()).toBe("annotated");
    expect(result.headers.get("content-disposition")).toContain('attachment; filename="panel.annot.vcf"');
    const input = await fetch((await browser.get(`${page}/input`)).location ?? "");
    expect(await input.text()).toBe(VCF);
  });

  it("gives the result as VCF.gz, TSV and CSV, and its records by filters over all of them, to its owner alone", async () => {
    const { browser, page, jobId, userId } = await completedJob("tabler");
    const body = `${VCF}${"chr2\t5\t.\tA\tG\t.\t.\tGAS_GENE=OTHER\n".repeat(300)}chr7\t9\t=1\tC\tT\t.\t.\tGAS_GENE=CFTR;GAS_REGION=CDS\n`;
    const Key = `test/${userId}/${jobId}~panel.annot.vcf`;
    await app.s3.send(new PutObjectCommand({ Bucket: "test-results", Key, Body: body }));
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const fetched = (format: string) => fetch(new URL(`${page}/result/${format}`, app.origin), { headers: { cookie } });
    const packed = await fetched("vcf.gz");
    expect(packed.headers.get("content-disposition")).toContain('filename="panel.annot.vcf.gz"');
    expect(gunzipSync(new Uint8Array(await packed.arrayBuffer())).toString()).toBe(body);
    const csv = await (await fetched("csv")).text();
    expect(csv.split("\r\n")).toHaveLength(1 + 302 + 1);
    expect(csv).toContain("chr7,9,'=1,C,T,,,CFTR,CDS,");
    expect((await (await fetched("tsv")).text()).split("\n")[0]).toContain("chrom\tpos\tid");
    expect((await fetched("xlsx")).status).toBe(400);

    const all = await browser.get(`${page}/records`);
    expect(all.text).toContain('data-records-found="302"');
    expect(all.text).toContain("the first 200 are shown");
    const some = await browser.get(`${page}/records?gene=cftr&region=cds&place=7`);
    expect(some.text).toContain('data-records-found="1"');
    expect((await browser.get(`${page}/records?frequency=rare`)).status).toBe(400);
    await app.makeUser("no tabler");
    const stranger = await app.signedIn("no tabler");
    for (const path of ["records", "result/csv"]) expect((await stranger.get(`${page}/${path}`)).status).toBe(403);
  });

  it("ends the Free download by the clock, whether or not the archiver was there", async () => {
    const { browser, page } = await completedJob("late", { completedAt: new Date(Date.now() - 301_000) });
    const html = (await browser.get(page)).text;
    expect(html).not.toMatch(/data-job-result/);
    expect(html).toContain('href="/subscribe"');
    expect((await browser.get(`${page}/result`)).location).toBe("/subscribe");
    expect((await browser.get(`${page}/log`)).status).toBe(200);
    for (const path of ["records", "result/csv"]) expect((await browser.get(`${page}/${path}`)).status).toBe(409);
  });

  it("never signs a Free link past the retention", async () => {
    const now = new Date();
    const { browser, page } = await completedJob("nearly late", { completedAt: new Date(now.getTime() - 280_000) });
    app.clock.now = now;
    onTestFinished(() => {
      app.clock.now = undefined;
    });
    const link = new URL((await browser.get(`${page}/result`)).location ?? "");
    expect(link.searchParams.get("X-Amz-Expires")).toBe("20");
  });

  it("shows a Premium user that an archived result is on its way back, and offers no upgrade", async () => {
    const { browser, page, jobId } = await completedJob("restored", { premium: true });
    await app.db
      .updateTable("jobs")
      .set({ archiveState: "restoring", archiveTier: "Expedited", restoreAskedAt: new Date() })
      .where("id", "=", jobId)
      .execute();
    const html = (await browser.get(page)).text;
    expect(html).toContain("Being restored (Expedited, usually 1 to 5\u00a0min).");
    expect(html).not.toContain('href="/subscribe"');
    expect((await browser.get(`${page}/result`)).status).toBe(409);
  });

  it("is closed to everybody else, with all its files, and unknown ids are 404", async () => {
    const { page } = await completedJob("private");
    await app.makeUser("stranger");
    const stranger = await app.signedIn("stranger");
    for (const path of [page, `${page}/log`, `${page}/result`, `${page}/input`, `${page}/state`]) {
      const answer = await stranger.get(path);
      expect(answer.status).toBe(403);
      expect(answer.text).toContain("Not authorized to view this job");
    }
    for (const action of ["run-again", "annotate-again", "cancel", "delete"])
      expect((await stranger.submit(`${page}/${action}`)).status).toBe(403);
    expect((await stranger.get(`/annotations/${randomUUID()}`)).status).toBe(404);
    expect((await stranger.get("/annotations/x")).status).toBe(404);
  });

  it("runs a failed job again, once", async () => {
    const userId = await app.makeUser("restarter");
    const browser = await app.signedIn("restarter");
    const { path, jobId } = await upload(browser);
    await browser.get(path);
    await app.db
      .updateTable("jobs")
      .set({
        status: "FAILED",
        failure: "Line 31 has 7 columns, 8 are needed. Spaces instead of tabs?",
        completedAt: new Date(),
      })
      .where("id", "=", jobId)
      .execute();
    expect((await browser.get(`/annotations/${jobId}`)).text).toContain("Line 31 has 7 columns, 8 are needed.");
    await browser.submit(`/annotations/${jobId}/run-again`);
    await browser.submit(`/annotations/${jobId}/run-again`);
    const job = await app.db.selectFrom("jobs").selectAll().where("id", "=", jobId).executeTakeFirstOrThrow();
    expect(job).toMatchObject({ status: "PENDING", failure: null, userId });
    const sent = await app.db.selectFrom("outbox").select("body").where("queue", "=", "jobRequests").execute();
    expect(sent.filter(({ body }) => body.includes(jobId))).toHaveLength(2);
  });
});

describe("ending and deleting jobs", () => {
  const jobsOf = async (userId: number) =>
    (await app.db.selectFrom("jobs").select("id").where("userId", "=", userId).execute()).map(({ id }) => id).sort();
  async function submittedJobs(username: string, count: number) {
    const userId = await app.makeUser(username);
    const browser = await app.signedIn(username);
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const { path, jobId } = await upload(browser);
      await browser.get(path);
      ids.push(jobId);
    }
    return { userId, browser, ids };
  }

  it("cancels a waiting job, which can be run again", async () => {
    const { browser, ids } = await submittedJobs("canceller", 1);
    const page = `/annotations/${ids[0]}`;
    expect((await browser.get(page)).text).toContain("data-job-cancel");
    await browser.submit(`${page}/cancel`);
    const { text } = await browser.get(page);
    expect(text).toContain("You cancelled this job at");
    expect(text).not.toContain("data-job-cancel");
    await browser.submit(`${page}/run-again`);
    const row = await app.db
      .selectFrom("jobs")
      .selectAll()
      .where("id", "=", ids[0] ?? "")
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ status: "PENDING", cancelledAt: null, failure: null });
  });

  it("deletes one job, or those that are ticked, and never another user's", async () => {
    const mine = await submittedJobs("deleter", 3);
    const other = await submittedJobs("keeper", 1);
    await mine.browser.get(`/annotations/${mine.ids[0]}`);
    expect((await mine.browser.submit(`/annotations/${mine.ids[0]}/delete`)).location).toBe("/annotations");
    expect(await jobsOf(mine.userId)).toEqual(mine.ids.slice(1).sort());
    expect((await mine.browser.get("/annotations")).text).toContain("panel.vcf was deleted");
    await mine.browser.submit("/annotations/delete", { job: mine.ids[1] ?? "" });
    expect(await jobsOf(mine.userId)).toEqual(mine.ids.slice(2));
    await mine.browser.submit("/annotations/delete", { job: other.ids[0] ?? "" });
    expect(await jobsOf(other.userId)).toEqual(other.ids);
    await mine.browser.submit("/annotations/delete");
    expect((await mine.browser.get("/annotations")).text).toContain("Nothing was deleted.");
    expect(await jobsOf(mine.userId)).toEqual(mine.ids.slice(2));
  });
});

describe("a genome build that is not certain", () => {
  const summary = {
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
    clinvarPathogenic: 0,
    lookedUp: { genes: 3, regions: 3, clinvar: 0 },
    clinvarHeld: null,
    tiTv: null,
    transitions: 0,
    transversions: 0,
    unmatchedRecords: 0,
    unmatchedContigs: [],
    chromosomes: [],
    regions: [],
    classes: [],
    substitutions: [],
    indelLengths: [],
    topGenes: [],
    warnings: [{ sentence: "1 record could not be parsed and was passed through unchanged: line 4.", count: 1 }],
    firstRecords: [],
    durationMs: 5,
  };

  it("is told on top of the job's page, and one click annotates again as the other one", async () => {
    const userId = await app.makeUser("doubtful");
    const browser = await app.signedIn("doubtful");
    const { path, jobId } = await upload(browser);
    await browser.get(path);
    await complete(jobId);
    await app.db
      .updateTable("jobs")
      .set({ summary: JSON.stringify(summary) })
      .where("id", "=", jobId)
      .execute();
    const { text } = await browser.get(`/annotations/${jobId}`);
    expect(text).toContain("<strong>The genome build is not known.</strong>");
    expect(text).toContain("Annotate again as GRCh37");
    expect(text).not.toContain("Annotate again as NCBI36");
    expect(text).toMatch(/data-figure="clinvar"><dd class="eg-figure">n\/a</);
    expect(text).toContain("1 record could not be parsed and was passed through unchanged: line 4.<");

    const { location } = await browser.submit(`/annotations/${jobId}/annotate-again`, { build: "GRCh37" });
    const second = /[0-9a-f-]{36}$/.exec(location ?? "")?.[0] ?? "";
    expect(second).not.toBe(jobId);
    const input = ["inputKey", "inputEtag", "inputName", "inputSize"] as const;
    const job = (id: string) =>
      app.db
        .selectFrom("jobs")
        .select(["userId", "build", "status", ...input])
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
    const { userId: _, build, status, ...first } = await job(jobId);
    expect([build, status]).toEqual([null, "COMPLETED"]);
    expect(await job(second)).toEqual({ ...first, userId, build: "GRCh37", status: "PENDING" });
  });

  it("annotates nobody else's file again, and no build that is not there", async () => {
    await app.makeUser("owner-of-file");
    const owner = await app.signedIn("owner-of-file");
    const { path, jobId } = await upload(owner);
    await owner.get(path);
    await app.makeUser("other-user");
    const other = await app.signedIn("other-user");
    const again = `/annotations/${jobId}/annotate-again`;
    expect((await other.submit(again, { build: "GRCh37" })).status).toBe(403);
    expect((await owner.submit(again, { build: "mm10" })).status).toBe(400);
  });
});

describe("the list", () => {
  it("holds 10,000 jobs, newest first, all reachable, each once, and the last as quickly as the first", async () => {
    const userId = await app.makeUser("many");
    const start = Date.parse("2026-01-01T00:00:00Z");
    const rows = Array.from({ length: 10_000 }, (_, n) => ({
      id: randomUUID(),
      userId,
      inputName: `file ${n}.vcf`,
      inputKey: "k",
      inputEtag: "e",
      inputSize: 1,
      status: "COMPLETED" as const,
      // Three jobs share each instant, so that the order by id matters.
      submittedAt: new Date(start + Math.floor(n / 3) * 1_000),
      completedAt: new Date(start),
    }));
    for (let at = 0; at < rows.length; at += 2_000) {
      await app.db
        .insertInto("jobs")
        .values(rows.slice(at, at + 2_000))
        .execute();
    }
    const browser = await app.signedIn("many");
    const seen: string[] = [];
    const took: number[] = [];
    let path: string | undefined = "/annotations";
    while (path !== undefined) {
      const began = performance.now();
      const { text } = await browser.get(path);
      took.push(performance.now() - began);
      seen.push(
        ...[...text.matchAll(/class="app-job-file"><a href="\/annotations\/([0-9a-f-]{36})"/g)].map(
          ([, id = ""]) => id,
        ),
      );
      path = /href="([^"]+)">Older</.exec(text)?.[1]?.replaceAll("&amp;", "&");
    }
    expect(seen).toHaveLength(10_000);
    expect(new Set(seen).size).toBe(10_000);
    const at = new Map<string, number>(rows.map((row) => [row.id, row.submittedAt.getTime()]));
    const times = seen.map((id) => at.get(id) ?? 0);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    // A page far down takes about as long as one near the top, on any machine.
    const [top, bottom] = [median(took.slice(0, 50)) ?? 0, median(took.slice(-50)) ?? 0];
    expect(bottom / top).toBeLessThan(5);
    const found = await browser.get("/annotations?q=file+77.vcf");
    expect(found.text).toContain("1 annotation<");
  }, 300_000);

  it("says that it is empty and how to begin", async () => {
    await app.makeUser("beginner");
    const page = await (await app.signedIn("beginner")).get("/annotations");
    expect(page.text).toContain("No annotations yet");
    expect(page.text).toContain("Request new annotation");
  });

  it("shows times in the configured zone, with its summer time", async () => {
    const userId = await app.makeUser("zones");
    const browser = await app.signedIn("zones");
    for (const submittedAt of ["2026-01-15T18:00:00Z", "2026-07-15T18:00:00Z"]) {
      const { path, jobId } = await upload(browser);
      await browser.get(path);
      await app.db
        .updateTable("jobs")
        .set({ submittedAt: new Date(submittedAt) })
        .where("id", "=", jobId)
        .execute();
    }
    expect(userId).toBeGreaterThan(0);
    const { text } = await browser.get("/annotations");
    expect(text).toMatch(/15\u00a0Jan(\u00a02026)?\u00a012:00</);
    expect(text).toMatch(/15\u00a0Jul(\u00a02026)?\u00a013:00</);
  });
});

it("keeps inputs where the signed object says", async () => {
  const userId = await app.makeUser("bytes");
  const browser = await app.signedIn("bytes");
  const { jobId } = await upload(browser);
  const object = await app.s3.send(
    new GetObjectCommand({ Bucket: "test-inputs", Key: `test/${userId}/${jobId}~panel.vcf` }),
  );
  expect(await object.Body?.transformToString()).toBe(VCF);
});
