import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { createPasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { createUser } from "@elastic-gas/shared/accounts/users";
import { readConfig } from "@elastic-gas/shared/config";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { findFreePort } from "@elastic-gas/testing/local-cloud/free-port";
import { SAMPLES } from "@elastic-gas/testing/system/system";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import type { Figure, Measured, Measurement } from "../figures/measurement.ts";
import { type CloudProcess, pidOf, startCloudProcess, stop } from "../local-cloud/cloud-process.ts";
import { cpuMillisecondsOf } from "../local-cloud/process-usage.ts";
import type { BareWork } from "./bare-main.ts";
import { median } from "./samples.ts";
import { useDatabaseServer } from "./use-database-server.ts";

const PHOTO = join(SAMPLES, "pictures", "one-masked.jpg");
const PASSWORD = "correct horse";
const MAIN = fileURLToPath(new URL("../../../user-app/src/main.ts", import.meta.url));
const BLOCK = 20;
const BLOCKS = 9;
const QUICK = { block: 3, blocks: 2 };
const MOST = 1.3;

/** A whole upload of the course's API beside the detector and bcrypt alone, at one request at a time. */
export const upload: Measurement = {
  name: "upload",
  about: "POST /api/upload of a web worker beside the bare detector and the bare comparison of a password",
  minutes: 3,
  async measure({ quick, say }): Promise<Measured> {
    const { block, blocks } = quick ? QUICK : { block: BLOCK, blocks: BLOCKS };
    await using started = new AsyncDisposableStack();
    started.use(await useDatabaseServer());
    const cloud = started.use(await startCloudProcess());
    const database = started.use(await createTestDatabase());
    const worker = started.use(await startWorker(cloud, database));
    const bare = started.use(await startBare());
    const hash = await createPasswordVerifier().hash(PASSWORD);
    const password = { text: PASSWORD, hash };
    const users = await createUsers(database, hash, (blocks + 1) * block);
    const sendBy = (names: readonly string[]) => () => sendAll(worker.origin, names);
    const known = users.slice(0, 1);
    const samples = { first: new Ratios(), known: new Ratios() };
    for (let round = 0; round <= blocks; round += 1) {
      const own = users.slice(round * block, (round + 1) * block);
      const bareFirst = await costOf(bare.pid, block, () => bare.run({ times: block, photo: PHOTO, password }));
      const first = await costOf(worker.pid, block, sendBy(own));
      const bareKnown = await costOf(bare.pid, block, () => bare.run({ times: block, photo: PHOTO, password: null }));
      await sendAll(worker.origin, known);
      const again = await costOf(worker.pid, block, sendBy(Array.from({ length: block }, () => known[0] ?? "")));
      // The first round warms both processes up.
      if (round === 0) continue;
      samples.first.add(first, bareFirst);
      samples.known.add(again, bareKnown);
      say(
        `an upload ${words(first)}, detector and bcrypt ${words(bareFirst)}; of a remembered user ${words(again)}, detector ${words(bareKnown)}`,
      );
    }
    const { n } = await database.db
      .selectFrom("images")
      .select((eb) => eb.fn.countAll<number>().as("n"))
      .executeTakeFirstOrThrow();
    const kept = Number(n) / ((blocks + 1) * (2 * block + 1));
    return { figures: figuresOf(samples, kept) };
  },
};

interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

class Ratios {
  readonly cpu: number[] = [];
  readonly wall: number[] = [];
  add(whole: Cost, bare: Cost): void {
    this.cpu.push(whole.cpuMs / bare.cpuMs);
    this.wall.push(whole.wallMs / bare.wallMs);
  }
}

/** Of one of so many, in the CPU of one process with all its threads. */
async function costOf(pid: number, times: number, work: () => Promise<void>): Promise<Cost> {
  const [cpu, began] = [cpuMillisecondsOf(pid), performance.now()];
  await work();
  const wallMs = performance.now() - began;
  return { cpuMs: (cpuMillisecondsOf(pid) - cpu) / times, wallMs: wallMs / times };
}

function words({ cpuMs, wallMs }: Cost): string {
  return `${cpuMs.toFixed(1)} ms of CPU in ${wallMs.toFixed(1)} ms`;
}

async function createUsers({ db }: TestDatabase, passwordHash: string, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `sender-${index}`);
  for (const username of names) await createUser(db, { username, passwordHash });
  return names;
}

const photo = readFileSync(PHOTO);
const BOUNDARY = "----a-boundary-that-no-photo-has";
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** One upload of each after the other, in the form of the course's load generator, by as little code as can be. */
async function sendAll(origin: string, usernames: readonly string[]): Promise<void> {
  for (const username of usernames) {
    const { status, text } = await post(`${origin}/api/upload`, formOf(username));
    if (status !== 200 || !text.includes('"num_faces":1'))
      throw new Error(`/api/upload answered ${status}: ${text.slice(0, 200)}`);
  }
}

function formOf(username: string): Buffer {
  const head = (name: string, more = "") =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`;
  const file = head("file", '; filename="photo.jpg"\r\nContent-Type: application/octet-stream');
  const fields = `\r\n${head("username")}${username}\r\n${head("password")}${PASSWORD}\r\n--${BOUNDARY}--\r\n`;
  return Buffer.concat([Buffer.from(file), photo, Buffer.from(fields)]);
}

async function post(url: string, body: Buffer): Promise<{ readonly status: number; readonly text: string }> {
  const headers = { "content-type": `multipart/form-data; boundary=${BOUNDARY}`, "content-length": body.length };
  const sent = request(url, { method: "POST", agent, headers });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage]; // as node:http documents it
  return { status: response.statusCode ?? 0, text: await readText(response) };
}

interface Process extends AsyncDisposable {
  readonly pid: number;
}

/** A web worker as the product runs it: main.ts in a process of its own, with the database account of its role. */
async function startWorker(
  cloud: CloudProcess,
  database: TestDatabase,
): Promise<Process & { readonly origin: string }> {
  const port = await findFreePort();
  const env = {
    PATH: process.env.PATH,
    CLOUD: "local",
    AWS_ENDPOINT_URL: cloud.clientConfig.endpoint,
    DATABASE_URL: await database.urlOf("web"),
    DATA_DIR: cloud.dataDir,
    PREFIX: "performance",
    WORKER_PORT: String(port),
    LOG_LEVEL: "warn",
    NODE_NO_WARNINGS: "1",
  };
  const s3 = new S3Client(cloud.clientConfig);
  await s3.send(new CreateBucketCommand({ Bucket: resourcesOf(readConfig(env)).buckets.images }));
  s3.destroy();
  const child = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "ignore", "inherit"] });
  const origin = `http://127.0.0.1:${port}`;
  await waitUntil("the web worker is ready", async () => (await fetch(`${origin}/readyz`)).ok, { deadlineMs: 60_000 });
  return { pid: pidOf(child), origin, [Symbol.asyncDispose]: () => stop(child) };
}

async function startBare(): Promise<Process & { run(work: BareWork): Promise<void> }> {
  const child = fork(fileURLToPath(new URL("bare-main.ts", import.meta.url)), [], { execArgv: [] });
  const exit = once(child, "exit");
  const answer = async (): Promise<void> => {
    await Promise.race([once(child, "message"), exit.then(() => Promise.reject(new Error("The bare process ended.")))]);
  };
  await answer();
  return {
    pid: pidOf(child),
    async run(work) {
      const answered = answer();
      child.send(work);
      await answered;
    },
    async [Symbol.asyncDispose]() {
      child.disconnect();
      await exit;
    },
  };
}

function figuresOf(samples: { readonly first: Ratios; readonly known: Ratios }, kept: number): readonly Figure[] {
  const ratio = (name: string, what: string, values: readonly number[], baseline: string): Figure => ({
    name,
    what,
    value: median(values),
    unit: "ratio",
    baseline,
    better: "lower",
    asked: MOST,
  });
  const whole = "the bare detector and one bare bcrypt comparison";
  const { asked: _, ...remembered } = ratio(
    "upload-remembered-cpu",
    "an upload of a user whose password was right a moment ago: CPU of the web worker",
    samples.known.cpu,
    "the bare detector",
  );
  return [
    ratio("upload-cpu", "a whole upload: CPU of the web worker", samples.first.cpu, whole),
    ratio("upload-wall", "a whole upload, one at a time: time until its answer", samples.first.wall, whole),
    remembered,
    {
      name: "upload-kept",
      what: "photos that are kept for an upload that was answered with success",
      value: kept,
      unit: "ratio",
      baseline: "rows in the database",
      better: "higher",
      asked: 1,
    },
  ];
}
