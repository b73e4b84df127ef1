import type { ChildProcess } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readVariable } from "../local-cloud/src/ec2/processes/proc.ts";
import { MARKER } from "../local-cloud/src/ec2/processes/session-table.ts";
import { connectDatabase } from "../shared/src/database/connect.ts";
import { findFreePort } from "../shared/src/free-port.ts";
import {
  findMariadb,
  initialiseMariadb,
  type MariadbOptions,
  ownerSql,
  spawnMariadb,
  waitForMariadb,
} from "../start/src/mariadb.ts";
import {
  archiveWriter,
  messageWriter,
  metricWriter,
  objectWriter,
  startWriting,
  type Writer,
} from "../testing/src/local-cloud/acknowledged-writes.ts";
import { type MainProcess, startMainProcess } from "../testing/src/local-cloud/main-process.ts";
import { IS_PROOF, recordResult } from "../testing/src/local-cloud/proof.ts";
import { waitUntil } from "../testing/src/wait-until.ts";

const ROUNDS = IS_PROOF ? 10 : 2;
const DEADLINE = { deadlineMs: 120_000 };
const OWNER = { schema: "crash", user: "crash", password: "crash" };

let cloud: MainProcess;
let folder: string;
let mariadb: ChildProcess;
let options: MariadbOptions;

beforeAll(async () => {
  cloud = await startMainProcess({ VISIBILITY_TIMEOUT_SECONDS: "5", LOCAL_BOOT_SECONDS: "0" });
  const programs = await findMariadb(join(import.meta.dirname, "../.data/apt"));
  if (!programs) throw new Error("mariadbd is not installed. `npm test` installs it; then vitest can be run alone.");
  folder = await mkdtemp(join(tmpdir(), "gas-crash-"));
  options = { programs, folder, port: await findFreePort(), initSql: ownerSql(OWNER) };
  await initialiseMariadb(options);
  await startMariadb();
});
afterAll(async () => {
  await cloud?.[Symbol.asyncDispose]();
  if (mariadb) await kill(mariadb);
  await rm(folder, { recursive: true, force: true });
});

async function startMariadb(): Promise<void> {
  mariadb = await spawnMariadb(options);
  await waitForMariadb(mariadb, options);
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function connect() {
  return connectDatabase({ url: `mysql://crash:crash@127.0.0.1:${options.port}/crash`, connectionLimit: 4 });
}

/** Rows, each written by a transaction of its own. */
async function rowWriter(): Promise<Writer> {
  await using db = disposable(connect());
  await sql`create table if not exists acknowledged (id bigint primary key, body varchar(64) not null)`.execute(db);
  const writing = connect();
  const rows = new Map<number, string>();
  let id = 0;
  return {
    name: "rows",
    acknowledged: () => rows.size,
    async write() {
      id += 1;
      const [row, body] = [id, randomBytes(20).toString("hex")];
      await sql`insert into acknowledged values (${row}, ${body})`.execute(writing);
      rows.set(row, body);
    },
    async findLosses() {
      await using reading = disposable(connect());
      const found = await sql<{ id: number; body: string }>`select id, body from acknowledged`.execute(reading);
      const kept = new Map(found.rows.map((row) => [Number(row.id), row.body]));
      return [...rows].filter(([row, body]) => kept.get(row) !== body).map(([row]) => `row ${row}`);
    },
  };
}

function disposable(db: ReturnType<typeof connect>) {
  return Object.assign(db, { [Symbol.asyncDispose]: () => db.destroy() });
}

/** Ids of the instances that have a living process of this cloud. */
function listLivingInstances(): readonly string[] {
  const ids = readdirSync("/proc").flatMap((name) => {
    try {
      if (!/^\d+$/.test(name) || !readlinkSync(`/proc/${name}/cwd`).startsWith(cloud.dataDir)) return [];
      return readVariable(Number(name), MARKER)?.split("/").at(-1) ?? [];
    } catch {
      return []; // ended meanwhile
    }
  });
  return [...new Set(ids)].sort();
}

test(
  "what was acknowledged is there after kill -9 of local-cloud and MariaDB, and nothing half is",
  async () => {
    const config = { ...cloud.clientConfig, maxAttempts: 1 };
    const [sqs, ec2] = [new SQSClient(config), new EC2Client({ ...config, maxAttempts: 8 })];
    const { QueueUrl = "" } = await sqs.send(new GetQueueUrlCommand({ QueueName: "test-archive" }));
    const objects = [false, false, false, true, true].map((inParts) =>
      objectWriter(config, "test-inputs", { inParts }),
    );
    const messages = [messageWriter(config, QueueUrl)];
    const others = [archiveWriter(config, "test-results"), metricWriter(config), await rowWriter()];
    const writers = [...objects, ...messages, ...others];

    const launch = () =>
      ec2.send(
        new RunInstancesCommand({
          ImageId: "ami-0123456789abcdef0",
          MinCount: 1,
          MaxCount: 1,
          UserData: Buffer.from("#!/bin/bash\nwhile true; do sleep 0.2; done\n").toString("base64"),
        }),
      );
    const describe = async () => {
      const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
      const all = Reservations.flatMap(({ Instances = [] }) => Instances);
      return all
        .filter(({ State }) => State?.Name === "running")
        .map(({ InstanceId = "" }) => InstanceId)
        .sort();
    };
    const kept = (await launch()).Instances?.[0]?.InstanceId ?? "";
    await waitUntil("the instance runs", async () => (await describe()).includes(kept), DEADLINE);

    const writing = startWriting(writers);
    try {
      for (let round = 1; round <= ROUNDS; round += 1) {
        const before = writers.map((writer) => writer.acknowledged());
        await waitUntil(
          "every writer has written",
          () => writers.every((w, i) => w.acknowledged() > (before[i] ?? 0) + 2),
          DEADLINE,
        );
        await sleep(randomInt(1500)); // the kill comes at any moment
        const launched = launch().catch(() => undefined); // perhaps cut off in the middle
        await sleep(randomInt(60));
        await Promise.all([cloud.end("SIGKILL"), kill(mariadb)]);
        await launched;
        await Promise.all([cloud.start(), startMariadb()]);
        expect(await describe()).toContain(kept);
        await waitUntil(
          "each living process belongs to an instance that runs, and the other way round",
          async () => JSON.stringify(listLivingInstances()) === JSON.stringify(await describe()),
          DEADLINE,
        );
      }
    } finally {
      await writing.stop();
    }
    const figures = writers.map((writer) => ({ what: writer.name, acknowledged: writer.acknowledged() }));
    const losses = await Promise.all(writers.map((writer) => writer.findLosses()));
    console.info(JSON.stringify({ rounds: ROUNDS, failures: writing.failures(), figures }));
    recordResult("kill-9", "Acknowledged writes after kill -9 of cloud and database", {
      rounds: ROUNDS,
      unacknowledged: writing.failures(),
      figures,
      losses: losses.flat(),
    });
    expect(losses.flat()).toEqual([]);

    const running = await describe();
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: running }));
    await waitUntil("no instance leaks", () => listLivingInstances().length === 0, DEADLINE);
  },
  IS_PROOF ? 1_200_000 : 300_000,
);
