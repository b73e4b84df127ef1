import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { Middleware } from "@elastic-gas/local-cloud/wire/gateway";
import { Fault } from "@elastic-gas/local-cloud/wire/handler";
import { waitUntil } from "@elastic-gas/shared/testing/wait-until";
import { startTestHouse, type TestHouse } from "../build-test-house.ts";
import { findBalancer, listTargets } from "../fleet.ts";
import { ensurePools } from "../pools.ts";

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

/** A house in which autoscalers are processes, with a web pool alone and workers that run the real user-data script. */
export interface ProcessHouse extends TestHouse {
  /** Runs main.ts, which reaches the cloud by this name: SeenCall.host tells two apart. */
  startProcess(host?: "127.0.0.1" | "localhost"): AutoscalerProcess;
  /** Who holds the lease now and under which epoch; null when nobody does. */
  findActing(): Promise<{ readonly pid: number; readonly epoch: number } | null>;
  /** The web pool's desired capacity. */
  findDesired(): Promise<number>;
  /** Web workers that were launched and not ended, whatever EC2's answers show yet. */
  truth(): readonly string[];
  /** Waits until every account of the web pool agrees on this size: EC2's, the truth, the target group's, MySQL's. */
  atRest(size: number, options?: { readonly deadlineMs?: number }): Promise<void>;
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
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

export async function startProcessHouse(settings: Readonly<Record<string, string>> = {}): Promise<ProcessHouse> {
  await using started = new AsyncDisposableStack();
  const house = started.use(await startTestHouse({ HEALTH_CHECK_INTERVAL_SECONDS: "1", ...settings }));
  const { db, context } = house;
  await putRelease(house);
  await ensurePools(db);
  for (const pool of ["annotator", "utility"] as const) await house.setPool(pool, { min: 0, desired: 0 });
  const processes: AutoscalerProcess[] = [];
  started.defer(async () => {
    await Promise.all(processes.map((each) => each.kill()));
  });
  const { targetGroupArn } = await findBalancer(context.cloud.elbv2, context.resources);

  const truth = (): readonly string[] => {
    const ended = new Set(house.changes.flatMap((each) => (each.operation === "RunInstances" ? [] : each.instanceIds)));
    return house.changes.flatMap((each) =>
      each.operation === "RunInstances" ? each.instanceIds.filter((id) => !ended.has(id)) : [],
    );
  };
  const accounts = async (): Promise<readonly (readonly string[])[]> => [
    truth(),
    (await house.instances("web")).map(({ id }) => id),
    (await listTargets(context.cloud.elbv2, targetGroupArn)).map(({ instanceId }) => instanceId),
    (
      await db
        .selectFrom("workers")
        .select("instanceId")
        .where("draining", "=", false)
        .where("inServiceAt", "is not", null)
        .execute()
    ).map(({ instanceId }) => instanceId),
  ];
  const all = started.move();
  return {
    ...house,
    startProcess(host = "127.0.0.1") {
      const endpoint = new URL(house.cloud.endpoint);
      endpoint.hostname = host;
      const process = startProcess({ ...house.environment, AWS_ENDPOINT_URL: endpoint.origin }, endpoint.host);
      processes.push(process);
      return process;
    },
    async findActing() {
      const row = await db.selectFrom("leases").select(["holder", "epoch", "until"]).executeTakeFirst();
      if (row?.holder == null || row.until === null || row.until.getTime() <= Date.now()) return null;
      return { pid: Number(row.holder.split(":")[1]), epoch: row.epoch };
    },
    async findDesired() {
      return (await db.selectFrom("pools").select("desired").where("name", "=", "web").executeTakeFirstOrThrow())
        .desired;
    },
    truth,
    async atRest(size, { deadlineMs = 60_000 } = {}) {
      let last: readonly string[] = [];
      const agree = async (): Promise<boolean> => {
        last = (await accounts()).map((ids) => ids.toSorted().join());
        const open = await db.selectFrom("launchIntents").select("id").where("state", "=", "wanted").execute();
        return new Set(last).size === 1 && truth().length === size && open.length === 0;
      };
      await waitUntil(`a web pool of ${size}`, agree, { deadlineMs }).catch((error: unknown) => {
        throw new Error(`Truth, EC2, target group, MySQL: ${JSON.stringify(last)}`, { cause: error });
      });
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function startProcess(environment: Readonly<Record<string, string>>, host: string): AutoscalerProcess {
  const child = spawn(process.execPath, [MAIN], {
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

async function putRelease({ context }: TestHouse): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "autoscaler-release-"));
  try {
    await writeFile(join(folder, "server.mjs"), SERVER);
    await writeFile(join(folder, "start.sh"), "#!/bin/bash\nexec node server.mjs\n", { mode: 0o755 });
    await promisify(execFile)("tar", ["-czf", "release.tar.gz", "server.mjs", "start.sh"], { cwd: folder });
    const files = { "releases/1.tar.gz": await readFile(join(folder, "release.tar.gz")), "settings/1.env": "" };
    for (const [Key, Body] of Object.entries(files)) {
      await context.cloud.s3.send(new PutObjectCommand({ Bucket: context.resources.buckets.releases, Key, Body }));
    }
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

/** Holds the first call of that name, before it is carried out or with its answer ready. The caller must be the only one, or be told by its host. */
export function holdCall(house: TestHouse, operation: string, when: "before" | "after"): Held {
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
  house.intercept(middleware);
  return { reached: reached.promise, release: released.resolve };
}
