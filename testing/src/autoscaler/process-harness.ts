import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { Middleware } from "@elastic-gas/local-cloud/wire/gateway";
import { Fault } from "@elastic-gas/local-cloud/wire/handler";
import { POOL_NAMES } from "@elastic-gas/shared/resources";
import { buildProgram } from "../programs.ts";
import { CURRENT_RELEASE, useRelease } from "../releases.ts";
import { startTestHarness, type TestHarness } from "./test-harness.ts";
import { type WebPoolAccounts, watchWebPool } from "./web-pool-accounts.ts";

/** An autoscaler in a process of its own. */
export interface AutoscalerProcess {
  readonly pid: number;
  /** By which its calls are told from others' (SeenCall.host). */
  readonly host: string;
  /** SIGKILL: it ends between two instructions. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  readonly isAlive: boolean;
  /** Whether its log had this text since it was paused last. */
  hasLogged(text: string): boolean;
}

/**
 * A test harness in which autoscalers are processes, with a web pool alone and workers that run the real user-data
 * script.
 */
export interface ProcessHarness extends TestHarness, WebPoolAccounts {
  /** Runs the program, which reaches the cloud by this name: SeenCall.host tells two apart. */
  startProcess(host?: "127.0.0.1" | "localhost"): AutoscalerProcess;
  /** Who holds the lease now and under which epoch; null when nobody does. */
  findActing(): Promise<{ readonly pid: number; readonly epoch: number } | null>;
}

/** What the workers of this release do: they answer health checks. */
const SERVER = `
const imds = process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT;
const ttl = { "x-aws-ec2-metadata-token-ttl-seconds": "60" };
const token = await (await fetch(imds + "/latest/api/token", { method: "PUT", headers: ttl })).text();
const own = await fetch(imds + "/latest/meta-data/local-ipv4", { headers: { "x-aws-ec2-metadata-token": token } });
const { createServer } = await import("node:http");
createServer((_, response) => response.end()).listen(8000, await own.text());
`;

export async function startProcessHarness(settings: Readonly<Record<string, string>> = {}): Promise<ProcessHarness> {
  await using started = new AsyncDisposableStack();
  const harness = started.use(await startTestHarness({ HEALTH_CHECK_INTERVAL_SECONDS: "1", ...settings }));
  const { db } = harness;
  await putRelease(harness);
  const program = await buildProgram("autoscaler");
  const processes: AutoscalerProcess[] = [];
  started.defer(async () => {
    await Promise.all(processes.map((each) => each.kill()));
  });
  const accounts = await watchWebPool(harness);
  const all = started.move();
  return {
    ...harness,
    startProcess(host = "127.0.0.1") {
      const endpoint = new URL(harness.cloud.endpoint);
      endpoint.hostname = host;
      const process = startProcess(
        program,
        { ...harness.environment, AWS_ENDPOINT_URL: endpoint.origin },
        endpoint.host,
      );
      processes.push(process);
      return process;
    },
    async findActing() {
      const row = await db.selectFrom("leases").select(["holder", "epoch", "until"]).executeTakeFirst();
      if (row?.holder == null || row.until === null || row.until.getTime() <= Date.now()) return null;
      return { pid: Number(row.holder.split(":")[1]), epoch: row.epoch };
    },
    ...accounts,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function startProcess(
  program: readonly string[],
  environment: Readonly<Record<string, string>>,
  host: string,
): AutoscalerProcess {
  const child = spawn(process.execPath, program, {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const { pid } = child;
  if (pid === undefined) throw new Error("The autoscaler did not start.");
  let logged = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    logged += text;
    if (process.env.LOG_LEVEL !== undefined) process.stdout.write(text);
  });
  return {
    pid,
    host,
    async kill() {
      child.kill("SIGKILL");
      await exit;
    },
    pause() {
      child.kill("SIGSTOP");
      logged = "";
    },
    resume: () => child.kill("SIGCONT"),
    get isAlive() {
      return child.exitCode === null && child.signalCode === null;
    },
    hasLogged: (text) => logged.includes(text),
  };
}

async function putRelease({ context, db }: TestHarness): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "autoscaler-release-"));
  try {
    await writeFile(join(folder, "server.mjs"), SERVER);
    await writeFile(join(folder, "start.sh"), "#!/bin/bash\nexec node server.mjs\n", { mode: 0o755 });
    await promisify(execFile)("tar", ["-czf", "release.tar.gz", "server.mjs", "start.sh"], { cwd: folder });
    const release = await readFile(join(folder, "release.tar.gz"));
    const sha256 = createHash("sha256").update(release).digest("hex");
    const files = [
      [CURRENT_RELEASE.release, release],
      ...POOL_NAMES.map((pool) => [`settings/${pool}-1.env`, ""] as const),
    ] as const;
    for (const [Key, Body] of files) {
      await context.cloud.s3.send(new PutObjectCommand({ Bucket: context.resources.buckets.releases, Key, Body }));
    }
    await useRelease(db, { ...CURRENT_RELEASE, sha256 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the caller of a held call gets: what the call brings, a request to come back later, or a connection cut. */
export type Ending = "answer" | "throttle" | "cut";

export interface Held {
  /** The call has come; its caller waits for the answer. */
  readonly reached: Promise<void>;
  release(ending: Ending): void;
}

/**
 * Holds the first call of that name, before it is carried out or with its answer ready. The caller must be the only
 * one, or be told by its host.
 */
export function holdCall(harness: TestHarness, operation: string, when: "before" | "after"): Held {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<Ending>();
  let isHeld = false;
  const middleware: Middleware = async (invocation, next) => {
    if (invocation.operation !== operation || isHeld) return next();
    isHeld = true;
    const answer = when === "after" ? await next() : undefined;
    reached.resolve();
    switch (await released.promise) {
      case "cut":
        invocation.hangUp();
        return answer ?? {};
      case "throttle":
        throw new Fault("Throttling", "Rate exceeded", 400);
      case "answer":
        return answer ?? next();
    }
  };
  harness.intercept(middleware);
  return { reached: reached.promise, release: released.resolve };
}
