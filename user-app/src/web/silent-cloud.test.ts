import { PutObjectCommand } from "@aws-sdk/client-s3";
import { createToken } from "@elastic-gas/shared/accounts/api-tokens";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { createStallableProxy, type StallableProxy } from "@elastic-gas/testing/stallable-proxy";
import { startTestApp, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { scriptedPhoto } from "@elastic-gas/testing/user-app/test-detector";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, expect, it } from "vitest";

const VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t100\t.\tA\tG\t50\tPASS\t.\n";

let app: TestApp;
let proxy: StallableProxy;
let userId: number;
let token: string;
let jobId: string;
beforeAll(async () => {
  const cloud = await startTestCloud();
  proxy = await createStallableProxy(Number(new URL(cloud.endpoint).port));
  app = await startTestApp({ ...cloud, endpoint: `http://127.0.0.1:${proxy.port}` });
  userId = await app.makeUser("patient");
  token = await createToken(app.db, { audience: "user", userId, name: "t", scope: "write", expiresAt: null });
  jobId = (await (await submit()).json()).id;
  const place = `test/${userId}/${jobId}~panel`;
  const [resultKey, logKey] = [`${place}.annot.vcf`, `${place}.vcf.count.log`];
  await app.s3.send(new PutObjectCommand({ Bucket: "test-results", Key: resultKey, Body: VCF }));
  await app.s3.send(new PutObjectCommand({ Bucket: "test-results", Key: logKey, Body: "Total: 1\n" }));
  const done = { status: "COMPLETED", startedAt: new Date(), completedAt: new Date(), resultSize: VCF.length } as const;
  await app.db
    .updateTable("jobs")
    .set({ ...done, resultKey, logKey })
    .where("id", "=", jobId)
    .execute();
});
afterAll(async () => {
  proxy?.resume();
  await app?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
});

const authorization = () => ({ authorization: `Bearer ${token}` });
const submit = () =>
  fetch(`${app.origin}/api/v1/annotations?filename=panel.vcf`, {
    method: "POST",
    headers: authorization(),
    body: VCF,
  });

function uploadPhoto(): Promise<Response> {
  const form = new FormData();
  form.append("username", "patient");
  form.append("password", "correct horse");
  form.append("file", new Blob([Uint8Array.from(scriptedPhoto(2, 1))]), "two.jpg");
  return fetch(`${app.origin}/api/upload`, { method: "POST", body: form });
}

it("answers 503 with Retry-After to all that needs S3 while it is silent, the rest as ever, and serves again", async () => {
  const browser = await app.signedIn("patient");
  const upload = `/annotate/job?bucket=test-inputs&key=test/${userId}/${crypto.randomUUID()}~a.vcf&etag=x`;
  await browser.get("/annotate");
  proxy.stall();
  const pages: readonly Promise<{ readonly status: number; readonly headers: Headers }>[] = [
    browser.get(upload),
    browser.get(`/annotations/${jobId}/log`),
    browser.get(`/annotations/${jobId}/records`),
    browser.get(`/annotations/${jobId}/result/tsv`),
    browser.submit("/annotate/paste", { text: VCF, fileName: "b.vcf" }),
    submit(),
    fetch(`${app.origin}/api/v1/annotations/${jobId}/log`, { headers: authorization() }),
    uploadPhoto(),
  ];
  expect((await browser.get("/annotations")).status).toBe(200);
  const answers = await Promise.all(pages);
  expect(answers.map(({ status, headers }) => [status, headers.get("retry-after")])).toEqual(
    answers.map(() => [503, "5"]),
  );
  proxy.resume();
  await waitUntil("an upload is taken again", async () => (await submit()).status === 202);
});
