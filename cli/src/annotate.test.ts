import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { createToken } from "@elastic-gas/shared/accounts/api-tokens";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { startTestApp, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { afterAll, beforeAll, expect, it } from "vitest";
import { annotate } from "./annotate.ts";

const VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t100\t.\tA\tG\t50\tPASS\t.\n";

let app: TestApp;
let folder: string;
let token: string;
beforeAll(async () => {
  app = await startTestApp(await startTestCloud());
  const userId = await app.makeUser("ada");
  token = await createToken(app.db, { audience: "user", userId, name: "cli", scope: "write", expiresAt: null });
  folder = await mkdtemp(join(tmpdir(), "annotate-"));
  await writeFile(join(folder, "panel.vcf"), VCF);
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command; `onJob` is told the id as soon as the command knows it. */
async function run(args: readonly string[], environment = {}, onJob?: (id: string) => Promise<void>): Promise<Ran> {
  let [out, err] = ["", ""];
  let work: Promise<void> | undefined;
  const code = await annotate(args, {
    environment: { ELASTIC_GAS_APP_URL: app.origin, ELASTIC_GAS_APP_TOKEN: token, ...environment },
    out: (text) => {
      out += typeof text === "string" ? text : Buffer.from(text).toString();
    },
    err: (text) => {
      err += text;
      const id = /^Job (\S+)$/m.exec(err)?.[1];
      if (id !== undefined && onJob !== undefined) work ??= onJob(id);
    },
    signal: AbortSignal.timeout(60_000),
    pollMs: 20,
  });
  await work;
  return { code, out, err };
}

async function complete(id: string): Promise<void> {
  const resultKey = `test/1/${id}~panel.annot.vcf`;
  await app.s3.send(new PutObjectCommand({ Bucket: "test-results", Key: resultKey, Body: "annotated" }));
  const at = new Date();
  await app.db
    .updateTable("jobs")
    .set({ status: "COMPLETED", startedAt: at, completedAt: at, resultKey })
    .where("id", "=", id)
    .execute();
}

const panel = () => join(folder, "panel.vcf");

it("sends a file and prints the id of its job", async () => {
  const { code, out } = await run([panel(), "--build", "hg19", "--name", "run 7"]);
  expect(code).toBe(0);
  const job = await app.db.selectFrom("jobs").selectAll().where("id", "=", out.trim()).executeTakeFirstOrThrow();
  expect(job).toMatchObject({ inputName: "panel.vcf", build: "GRCh37", title: "run 7", inputSize: VCF.length });
});

it("names the build as the service does, and refuses one that it does not know", async () => {
  const { out } = await run([panel(), "--build", "hg38", "--json"]);
  expect(JSON.parse(out)).toMatchObject({ status: "PENDING", build: "GRCh38" });
  expect(await run([panel(), "--build", "mm10"])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^"mm10" is no genome build that is known here\. Accepted are GRCh38 \(or hg38/),
  });
});

it("waits and writes the result, to a file or to stdout", async () => {
  const path = join(folder, "out.vcf");
  expect(await run([panel(), "-o", path], {}, complete)).toMatchObject({ code: 0, out: "" });
  expect(await readFile(path, "utf8")).toBe("annotated");
  expect(await run([panel(), "-o", "-"], {}, complete)).toMatchObject({ code: 0, out: "annotated" });
});

it("waits for a failure, and says why", async () => {
  const fail = async (id: string) => {
    const failure = "Line 3 has 4 columns.";
    await app.db
      .updateTable("jobs")
      .set({ status: "FAILED", failure, completedAt: new Date() })
      .where("id", "=", id)
      .execute();
  };
  const { code, err } = await run([panel(), "--wait"], {}, fail);
  expect(code).toBe(1);
  expect(err).toMatch(/Line 3 has 4 columns\.\n$/);
});

it("prints the log of a job: so far while it runs, and the whole one at its end", async () => {
  const { out } = await run([panel()]);
  const id = out.trim();
  const early = await run(["--log", id]);
  expect([early.code, early.err]).toEqual([1, "There is no log yet. It begins when the job runs.\n"]);
  await app.db
    .updateTable("jobs")
    .set({ status: "RUNNING", attempt: 1, runningLog: "Records so far: 7\n", runningLogAttempt: 1 })
    .where("id", "=", id)
    .execute();
  expect(await run(["--log", id])).toEqual({
    code: 0,
    out: "# Not finished: the job runs. The whole log comes with its end.\nRecords so far: 7\n",
    err: "",
  });
  const logKey = `test/1/${id}~panel.vcf.count.log`;
  await app.s3.send(new PutObjectCommand({ Bucket: "test-results", Key: logKey, Body: "Total: 9\n" }));
  await complete(id);
  await app.db.updateTable("jobs").set({ logKey }).where("id", "=", id).execute();
  expect(await run(["--log", id])).toEqual({ code: 0, out: "Total: 9\n", err: "" });
  const ended = { status: "FAILED", failure: "The file ends early.", logKey: null } as const;
  const kept = { runningLog: "Records so far: 7\n", runningLogAttempt: 1, attempt: 1 };
  await app.db
    .updateTable("jobs")
    .set({ ...ended, ...kept })
    .where("id", "=", id)
    .execute();
  expect(await run(["--log", id])).toEqual({
    code: 0,
    out: "Records so far: 7\n\nEnded without a result: The file ends early.\n",
    err: "",
  });
  const unknown = await run(["--log", "00000000-0000-4000-8000-000000000000"]);
  expect([unknown.code, unknown.err]).toEqual([1, "There is no such annotation.\n"]);
});

it("reads the token from a file", async () => {
  const path = join(folder, "token");
  await writeFile(path, `${token}\n`);
  const without = { ELASTIC_GAS_APP_TOKEN: undefined };
  expect((await run([panel(), "--token-file", path], without)).code).toBe(0);
});

it.each([
  [["a.vcf", "b.vcf"], {}, 2, "b.vcf is a second file; one command annotates one."],
  [[], {}, 2, "No file was given."],
  [["a.vcf", "--log", "x"], {}, 2, "--log takes the id of a job, and no file."],
  [["--log", ""], {}, 2, "--log takes the id of a job, and no file."],
  [["a.vcf", "--bild", "x"], {}, 2, "bild"],
  [["a.vcf"], { ELASTIC_GAS_APP_TOKEN: undefined }, 2, "ELASTIC_GAS_APP_TOKEN is not set."],
  [["/nothing/there.vcf"], {}, 1, "There is no file /nothing/there.vcf."],
  [["/tmp"], {}, 1, "/tmp is a folder."],
  [["/dev/null"], {}, 1, "/dev/null is no regular file."],
  [["a.vcf", "-o", "/nothing/there.vcf"], {}, 1, "/nothing/there.vcf cannot be written (there is no such folder)."],
  [["a.vcf", "-o", "/tmp"], {}, 1, "/tmp is a folder. Give the name of a file."],
])("refuses %j with exit code and reason", async (args, environment, code, sentence) => {
  const ran = await run(args, environment);
  expect([ran.code, ran.err]).toEqual([code, expect.stringContaining(sentence)]);
});

it("does not write the result over its own file, by whatever name", async () => {
  const file = panel();
  const link = join(folder, "link.vcf");
  await symlink(file, link);
  const before = await readFile(file, "utf8");
  for (const output of [file, link]) {
    const ran = await run([file, "-o", output]);
    expect([ran.code, ran.err]).toEqual([
      1,
      `${output} is the file itself. Give another name, or the file would be lost.\n`,
    ]);
  }
  expect(await readFile(file, "utf8")).toBe(before);
});

it("says so when the token is unknown or nothing answers", async () => {
  expect(await run([panel()], { ELASTIC_GAS_APP_TOKEN: "egu_wrong" })).toMatchObject({
    code: 1,
    err: "This token is unknown or was revoked.\n",
  });
  const nobody = await run([panel()], { ELASTIC_GAS_APP_URL: "http://127.0.0.1:1" });
  expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining("does not answer")]);
});
