/**
 * For tests: the whole app on a free port, over a MariaDB schema and a local cloud of its own, and browsers that keep
 * cookies.
 */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { SESv2Client } from "@aws-sdk/client-sesv2";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { sendAccountMails } from "@elastic-gas/manager/features/accounts/account-mails";
import { createPasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { createUser } from "@elastic-gas/shared/accounts/users";
import { type Config, readConfig } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import { createLogger } from "@elastic-gas/shared/logger";
import { readAssets } from "@elastic-gas/shared/web/assets";
import type { MayReach } from "@elastic-gas/shared/web/guarded-agent";
import { type Listening, serve } from "@elastic-gas/shared/web/serve";
import { createUserApp } from "@elastic-gas/user-app/app";
import { createAppParts } from "@elastic-gas/user-app/app-parts";
import { createFileFetcher, VCF } from "@elastic-gas/user-app/fetching/fetch-file";
import { z } from "zod";
import { createTestDatabase } from "../database.ts";
import { createScriptedDetector, type ScriptedDetector } from "./test-detector.ts";

export const TEST_PASSWORD = "correct horse";
const CapturedMails = z.array(z.object({ to: z.array(z.string()), subject: z.string(), text: z.string() }));

export interface TestApp extends AsyncDisposable {
  readonly origin: string;
  readonly db: Database;
  readonly config: Config;
  readonly s3: S3Client;
  readonly detector: ScriptedDetector;
  readonly endpoint: string;
  /** What the app takes for now; set it to move through time. */
  clock: { now: Date | undefined };
  settled(): Promise<void>;
  /** What was mailed there, the newest first; the manager sends what is due before. */
  mailsTo(address: string): Promise<readonly CapturedMail[]>;
  /** Makes an account; its password is TEST_PASSWORD. */
  makeUser(username: string, changes?: { email?: string; isAdmin?: boolean; premium?: boolean }): Promise<number>;
  browser(): Browser;
  signedIn(username: string): Promise<Browser>;
  /** Takes the waiting messages of one queue, as parsed JSON. */
  takeMessages(queue: string): Promise<unknown[]>;
}

type CapturedMail = z.infer<typeof CapturedMails>[number];

export interface Browser {
  readonly cookies: Map<string, string>;
  get(path: string, headers?: Record<string, string>): Promise<Page>;
  /** Sends a form with the token of the page seen last. */
  submit(path: string, fields?: Record<string, string>, headers?: Record<string, string>): Promise<Page>;
}

export interface Page {
  readonly status: number;
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly location: string | null;
  readonly headers: Headers;
}

/** What is needed of local-cloud's `startTestCloud()`; the test files import that, for the app itself must not. */
export interface Cloud extends AsyncDisposable {
  readonly endpoint: string;
  readonly dataDir: string;
  readonly clientConfig: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: number;
  };
}

export interface TestAppOptions {
  /** Stands between the app and its database. */
  readonly databasePort?: number;
  /** Where the app listens; any free port by default. */
  readonly port?: number;
  /** The built scripts and styles; without it pages have none. */
  readonly distFolder?: string;
  /** Which addresses a file may be fetched from; the public ones by default. */
  readonly mayReach?: MayReach;
}

/** Takes the cloud over: disposing of the app ends it too. */
export async function startTestApp(
  cloud: Cloud,
  environment: Record<string, string> = {},
  { databasePort, port = 0, distFolder, mayReach }: TestAppOptions = {},
): Promise<TestApp> {
  const database = await createTestDatabase();
  // As production connects: a query that the role has no right for fails here too.
  const databaseUrl = new URL(await database.urlOf("web"));
  if (databasePort !== undefined) databaseUrl.port = String(databasePort);
  const { credentials } = cloud.clientConfig;
  await writeFile(
    join(cloud.dataDir, "credentials"),
    `[default]\naws_access_key_id = ${credentials.accessKeyId}\naws_secret_access_key = ${credentials.secretAccessKey}\n`,
  );
  const config = readConfig({
    CLOUD: "local",
    AWS_ENDPOINT_URL: cloud.endpoint,
    DATABASE_URL: databaseUrl.href,
    DATA_DIR: cloud.dataDir,
    PUBLIC_HOST: "127.0.0.1",
    PREFIX: "test",
    SESSION_SECRET: "a secret of at least thirty-two characters",
    TOTP_KEY: "another secret of thirty-two characters",
    ...environment,
  });
  const log = createLogger("test", process.env.LOG_LEVEL ?? "silent");
  const parts = createAppParts(config, log);
  await parts.detector.close();
  const s3 = new S3Client({ ...cloud.clientConfig, forcePathStyle: true });
  const sqs = new SQSClient(cloud.clientConfig);
  const ses = new SESv2Client(cloud.clientConfig);
  await Promise.all([
    ...Object.values(parts.resources.buckets).map((Bucket) => s3.send(new CreateBucketCommand({ Bucket }))),
    ...Object.values(parts.resources.queues).map(({ name }) => sqs.send(new CreateQueueCommand({ QueueName: name }))),
  ]);
  const clock: { now: Date | undefined } = { now: undefined };
  const detector = createScriptedDetector();
  const { app, settled } = createUserApp({
    ...parts,
    detector,
    ...(mayReach === undefined ? {} : { fetchVcf: createFileFetcher(VCF, { mayReach }) }),
    now: () => clock.now ?? new Date(),
    assets:
      distFolder === undefined
        ? { folder: cloud.dataDir, style: undefined, script: undefined, themeScript: undefined }
        : readAssets(distFolder, "src/browser"),
  });
  const listening: Listening = await serve(app, { host: "127.0.0.1", port });
  const origin = `http://127.0.0.1:${listening.port}`;
  const passwords = createPasswordVerifier();
  let hash: Promise<string> | undefined;

  const browser = () => createBrowser(origin);
  return {
    origin,
    db: database.db,
    config,
    s3,
    detector,
    endpoint: cloud.endpoint,
    clock,
    settled,
    async mailsTo(address) {
      await settled();
      const now = () => clock.now?.getTime() ?? Date.now();
      await sendAccountMails({ db: database.db, ses, log, config, now });
      const answer = await fetch(`${cloud.endpoint}/_mail/messages.json?to=${encodeURIComponent(address)}`);
      return CapturedMails.parse(await answer.json());
    },
    browser,
    async makeUser(username, { email, isAdmin = false, premium = false } = {}) {
      hash ??= passwords.hash(TEST_PASSWORD);
      const id = await createUser(database.db, { username, passwordHash: await hash, email: email ?? null, isAdmin });
      if (id === undefined) throw new Error(`The name ${username} is taken`);
      await database.db
        .updateTable("users")
        .set({ passwordChangedAt: new Date(0), role: premium ? "premium_user" : "free_user" })
        .where("id", "=", id)
        .execute();
      return id;
    },
    async signedIn(username) {
      const one = browser();
      await one.get("/login");
      const answer = await one.submit("/login", { username, password: TEST_PASSWORD });
      if (answer.status !== 303) throw new Error(`Signing in answered ${answer.status}: ${answer.text}`);
      await one.get("/profile");
      return one;
    },
    async takeMessages(queue) {
      await parts.outbox.flush();
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: `${cloud.endpoint}/000000000000/${queue}`, MaxNumberOfMessages: 10 }),
      );
      return Messages.map((message) => JSON.parse(message.Body ?? "") as unknown);
    },
    async [Symbol.asyncDispose]() {
      await listening.close(0);
      await settled();
      await parts.close();
      s3.destroy();
      sqs.destroy();
      await cloud[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

function createBrowser(origin: string): Browser {
  const cookies = new Map<string, string>();
  let token = "";
  const send = async (path: string, init: RequestInit): Promise<Page> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(new URL(path, origin), {
      redirect: "manual",
      ...init,
      headers: { accept: "text/html", ...init.headers, ...(cookie === "" ? {} : { cookie }) },
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = line.split(";")[0]?.split(/=(.*)/s) ?? [];
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    const bytes = await response.bytes();
    const text = new TextDecoder().decode(bytes);
    token = /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? token;
    return {
      status: response.status,
      text,
      bytes,
      location: response.headers.get("location"),
      headers: response.headers,
    };
  };
  return {
    cookies,
    get: (path, headers = {}) => send(path, { headers }),
    submit: (path, fields = {}, headers = {}) =>
      send(path, { method: "POST", body: new URLSearchParams({ _csrf: token, ...fields }), headers }),
  };
}
