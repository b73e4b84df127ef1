import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { GlacierClient } from "@aws-sdk/client-glacier";
import { S3Client } from "@aws-sdk/client-s3";
import { SESv2Client } from "@aws-sdk/client-sesv2";
import { SQSClient } from "@aws-sdk/client-sqs";
import { createManager, type Manager } from "@elastic-gas/manager/app";
import { POOLS } from "@elastic-gas/scaling/pools";
import { createPasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { createUser } from "@elastic-gas/shared/accounts/users";
import { readConfig } from "@elastic-gas/shared/config";
import { connectDatabase, createDatabasePool, type Database, schemaOf } from "@elastic-gas/shared/database/connect";
import type { Tables } from "@elastic-gas/shared/database/tables";
import { createLogger } from "@elastic-gas/shared/logger";
import { POOL_NAMES } from "@elastic-gas/shared/resources";
import { serve } from "@elastic-gas/shared/web/serve";
import type { Insertable } from "kysely";
import { createTestDatabase } from "../database.ts";

/** A manager on a free port with a database of its own, for tests. */
export interface TestManager extends AsyncDisposable {
  readonly db: Database;
  readonly url: string;
  readonly manager: Manager;
}

export interface TestManagerOptions {
  /** Where AWS answers; nowhere when left out, so that pages show what they do without it. */
  readonly cloud?: { readonly endpoint: string; readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly distFolder?: string;
  readonly localKey?: string;
  readonly now?: () => number;
  /** Which addresses alerts may be sent to; the public ones when left out. */
  readonly mayReach?: (address: string) => boolean;
}

export const ADMIN = { username: "anna", password: "correct horse" } as const;
export const PLAIN_USER = { username: "tomas", password: "battery staple" } as const;
// Nothing listens on the discard port.
const NOWHERE = { endpoint: "http://127.0.0.1:9", accessKeyId: "test", secretAccessKey: "test" };

export async function startTestManager(options: TestManagerOptions = {}): Promise<TestManager> {
  const database = await createTestDatabase();
  const { endpoint, ...credentials } = options.cloud ?? NOWHERE;
  const config = readConfig({
    AWS_ENDPOINT_URL: endpoint,
    DATABASE_URL: database.url,
    PREFIX: "dev",
    DISPLAY_TIME_ZONE: "UTC",
    TOTP_KEY: "another secret of thirty-two characters",
    ...options.environment,
  });
  const client = { region: config.AWS_REGION, endpoint, credentials, maxAttempts: 1 };
  const passwords = createPasswordVerifier();
  await createUser(database.db, {
    username: ADMIN.username,
    passwordHash: await passwords.hash(ADMIN.password),
    isAdmin: true,
  });
  await createUser(database.db, {
    username: PLAIN_USER.username,
    passwordHash: await passwords.hash(PLAIN_USER.password),
  });
  // As production connects: a query that the role has no right for fails here too.
  const managerUrl = await database.urlOf("manager");
  const managerDb = connectDatabase({ url: managerUrl });
  const limitPool = createDatabasePool({ url: managerUrl, connectionLimit: 1 });
  const clients = {
    ec2: new EC2Client(client),
    elbv2: new ElasticLoadBalancingV2Client(client),
    cloudwatch: new CloudWatchClient(client),
    s3: new S3Client({ ...client, forcePathStyle: true }),
    sqs: new SQSClient(client),
    glacier: new GlacierClient(client),
    ses: new SESv2Client(client),
  };
  const manager = createManager({
    config,
    db: managerDb,
    rateLimits: { pool: limitPool, schema: schemaOf(managerUrl) },
    sessionSecret: "a secret of at least thirty-two characters",
    log: createLogger("manager-test", "fatal"),
    ...clients,
    localKey: options.localKey,
    distFolder: options.distFolder ?? "/nonexistent",
    ...(options.now === undefined ? {} : { now: options.now }),
    ...(options.mayReach === undefined ? {} : { mayReach: options.mayReach }),
  });
  const listening = await serve(manager.app, { host: "127.0.0.1", port: 0 });
  const controller = new AbortController();
  const live = manager.live.run(listening.server, controller.signal);
  return {
    db: database.db,
    url: `http://127.0.0.1:${listening.port}`,
    manager,
    async [Symbol.asyncDispose]() {
      controller.abort();
      await manager.loadTest.close();
      await live;
      await listening.close(100);
      for (const each of Object.values(clients)) each.destroy();
      await new Promise<void>((resolve) => limitPool.end(() => resolve()));
      await managerDb.destroy();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** The pools as the autoscaler makes them at its first check. */
export async function makePools(db: Database): Promise<void> {
  for (const name of POOL_NAMES) {
    const { policy, desired, min, max } = POOLS[name].defaults;
    await db
      .insertInto("pools")
      .values({
        name,
        desired,
        min,
        max,
        policy: JSON.stringify(policy),
        policyState: null,
        pausedBy: null,
        pausedAt: null,
        manualUntil: null,
        startId: null,
      })
      .execute();
  }
}

/** A check of web that found 2 workers in service and changed nothing. */
export function checkRow(
  at: Date,
  changes: Partial<Insertable<Tables["decisions"]>> = {},
): Insertable<Tables["decisions"]> {
  return {
    pool: "web",
    at,
    kind: "hold",
    desiredBefore: 2,
    desiredAfter: 2,
    inService: 2,
    pending: 0,
    warming: 0,
    draining: 0,
    measured: 48,
    policyVersion: 1,
    reason: "No change: mean CPU 48 % lies between 30 % and 70 %.",
    facts: JSON.stringify({ outcome: "no change", unit: "%" }),
    ...changes,
  };
}

/** A browser as far as forms need one: cookies, and the token of the page before. */
export class TestBrowser {
  readonly #url: string;
  #cookie = "";

  constructor(url: string) {
    this.#url = url;
  }

  get cookie(): string {
    return this.#cookie;
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.#fetch(path, { headers });
  }

  /** Sends a form with the token of `page`, as a person who looks at that page would. */
  async post(path: string, fields: Readonly<Record<string, string>> = {}, page = "/"): Promise<Response> {
    const token = /name="_csrf" value="([^"]+)"/.exec(await (await this.get(page)).text())?.[1] ?? "";
    return this.#fetch(path, { method: "POST", body: new URLSearchParams({ _csrf: token, ...fields }) });
  }

  async signIn({
    username,
    password,
  }: {
    readonly username: string;
    readonly password: string;
  } = ADMIN): Promise<Response> {
    return this.post("/login", { username, password }, "/login");
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#cookie !== "") headers.set("cookie", this.#cookie);
    const response = await fetch(`${this.#url}${path}`, { ...init, headers, redirect: "manual" });
    for (const cookie of response.headers.getSetCookie()) this.#cookie = cookie.split(";")[0] ?? "";
    return response;
  }
}
