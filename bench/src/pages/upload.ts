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
import { findFreePort } from "@elastic-gas/shared/free-port";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { quantile } from "@elastic-gas/testing/manager/viewers";
import { SAMPLES } from "@elastic-gas/testing/system/system";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import type { Figure, Measured, Measurement } from "../figures/measurement.ts";
import { median } from "../figures/median.ts";
import { type CloudProcess, pidOf, startCloudProcess, stop } from "../local-cloud/cloud-process.ts";
import { cpuMillisecondsOf } from "../local-cloud/process-usage.ts";
import type { BareWork } from "./bare-main.ts";
import { useDatabaseServer } from "./use-database-server.ts";

const PHOTO = join(SAMPLES, "pictures", "one-masked.jpg");
const PASSWORD = "correct horse";
const MAIN = fileURLToPath(new URL("../../../user-app/src/main.ts", import.meta.url));
const BLOCK = 20;
const BLOCKS = 9;
const QUICK = { block: 3, blocks: 2 };
const MOST = 1.3;
const QUICK_SHARE = 0.1;

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
    const [known = ""] = users;
    const first = { bare: new Samples(bare.pid), whole: new Samples(worker.pid) };
    const again = { bare: new Samples(bare.pid), whole: new Samples(worker.pid) };
    for (let round = 0; round <= blocks; round += 1) {
      const own = users.slice(round * block, (round + 1) * block);
      await first.bare.add(() => bare.run({ times: block, photo: PHOTO, password }));
      await first.whole.add(() => sendAll(worker.origin, own));
      await again.bare.add(() => bare.run({ times: block, photo: PHOTO, password: null }));
      await sendAll(worker.origin, [known]);
      await again.whole.add(() =>
        sendAll(
          worker.origin,
          Array.from({ length: block }, () => known),
        ),
      );
      if (round === 0) continue;
      say(
        `an upload ${first.whole}, detector and bcrypt ${first.bare}; remembered ${again.whole}, detector ${again.bare}`,
      );
    }
    const { n } = await database.db
      .selectFrom("images")
      .select((eb) => eb.fn.countAll<number>().as("n"))
      .executeTakeFirstOrThrow();
    const kept = Number(n) / ((blocks + 1) * (2 * block + 1));
    return { figures: figuresOf(first, again, kept) };
  },
};

/** What one of many costs a process, in blocks of which the first warms it up. */
class Samples {
  readonly #pid: number;
  readonly #cpuMs: number[] = [];
  readonly #wallMs: number[] = [];
  #isWarm = false;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** `work` does some one after the other, and tells how long each took. */
  async add(work: () => Promise<readonly number[]>): Promise<void> {
    const before = cpuMillisecondsOf(this.#pid);
    const wallMs = await work();
    const cpuMs = (cpuMillisecondsOf(this.#pid) - before) / wallMs.length;
    if (this.#isWarm) {
      this.#cpuMs.push(cpuMs);
      this.#wallMs.push(...wallMs);
    }
    this.#isWarm = true;
  }

  /** Of the process with all its threads. */
  get cpuMs(): number {
    return median(this.#cpuMs);
  }

  /** Of the quick ones: others waited for what else the machine does, and longer the more processes they go through. */
  get wallMs(): number {
    return quantile(this.#wallMs, QUICK_SHARE);
  }

  toString(): string {
    return `${this.cpuMs.toFixed(1)} ms of CPU in ${this.wallMs.toFixed(1)} ms`;
  }
}

interface Compared {
  readonly bare: Samples;
  readonly whole: Samples;
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
async function sendAll(origin: string, usernames: readonly string[]): Promise<readonly number[]> {
  const took: number[] = [];
  for (const username of usernames) {
    const began = performance.now();
    const { status, text } = await post(`${origin}/api/upload`, formOf(username));
    if (status !== 200 || !text.includes('"num_faces":1'))
      throw new Error(`/api/upload answered ${status}: ${text.slice(0, 200)}`);
    took.push(performance.now() - began);
  }
  return took;
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

async function startBare(): Promise<Process & { run(work: BareWork): Promise<readonly number[]> }> {
  const child = fork(fileURLToPath(new URL("bare-main.ts", import.meta.url)), [], { execArgv: [] });
  const exit = once(child, "exit");
  const answer = async (): Promise<readonly number[]> => {
    const ended = exit.then(() => Promise.reject(new Error("The bare process ended.")));
    const [took] = await Promise.race([once(child, "message"), ended]);
    return took;
  };
  await answer();
  return {
    pid: pidOf(child),
    async run(work) {
      const answered = answer();
      child.send(work);
      return answered;
    },
    async [Symbol.asyncDispose]() {
      child.disconnect();
      await exit;
    },
  };
}

function figuresOf(first: Compared, again: Compared, kept: number): readonly Figure[] {
  const whole = "the bare detector and one bare bcrypt comparison";
  return [
    {
      name: "upload-cpu",
      what: "a whole upload: CPU of the web worker",
      value: first.whole.cpuMs / first.bare.cpuMs,
      unit: "ratio",
      baseline: whole,
      better: "lower",
      asked: MOST,
    },
    {
      name: "upload-wall",
      what: "a whole upload, one at a time: until its answer, the quickest tenth",
      value: first.whole.wallMs / first.bare.wallMs,
      unit: "ratio",
      baseline: whole,
      better: "lower",
      asked: MOST,
    },
    {
      name: "upload-remembered-cpu",
      what: "an upload of a user whose password was right a moment ago: CPU of the web worker",
      value: again.whole.cpuMs / again.bare.cpuMs,
      unit: "ratio",
      baseline: "the bare detector",
      better: "lower",
    },
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
