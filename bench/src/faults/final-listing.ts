import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EC2Client } from "@aws-sdk/client-ec2";
import { paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { listInstances } from "@elastic-gas/shared/aws/instances";
import { POOL_NAMES, type PoolName, resourcesOf } from "@elastic-gas/shared/resources";
import { clientOf } from "@elastic-gas/testing/system/clients";
import { z } from "zod";
import type { ProofSystem } from "../prove/proof-system.ts";
import type { FinalJob, FinalListing, FinalWorker } from "./evidence.ts";

const Secrets = z.object({ stripeSecretKey: z.string() });
const Page = z.object({
  data: z.array(z.object({ id: z.string(), customer: z.string(), status: z.string() })),
  has_more: z.boolean(),
});
const Mails = z.array(z.object({ to: z.array(z.string()), text: z.string() }));
/** A sweep finds what is due within this time, whatever became of its message. */
const DUE_SINCE_SECONDS = 60;
const MOST_MAILS = 1_000_000;
const JOB_ID = /[0-9a-f]{8}-[0-9a-f-]{27}/;

/** All that is there in the end, from database, buckets, mails, Stripe and EC2. */
export async function listFinal(proof: ProofSystem, retentionSeconds: number): Promise<FinalListing> {
  const { db, system } = proof;
  const [users, jobs, results, mails, subscriptions, workers, pools] = await Promise.all([
    db.selectFrom("users").select(["id", "username", "stripeCustomerId"]).execute(),
    listJobs(proof, retentionSeconds),
    listResults(proof),
    listMails(system.cloudUrl),
    listSubscriptions(proof),
    listWorkers(proof),
    db.selectFrom("pools").select(["name", "desired"]).execute(),
  ]);
  const userOf = new Map(users.map(({ id, stripeCustomerId }) => [stripeCustomerId, id]));
  const desired = Object.fromEntries(pools.map(({ name, desired: count }) => [name, count]));
  return {
    usernames: new Set(users.map(({ username }) => username)),
    jobs,
    results,
    mails,
    subscriptions: subscriptions.map(({ customer, status }) => ({
      userId: userOf.get(customer) ?? 0,
      ended: status === "canceled",
    })),
    workers,
    desired: Object.fromEntries(POOL_NAMES.map((pool) => [pool, desired[pool] ?? 0])) as Record<PoolName, number>,
  };
}

async function listJobs({ db }: ProofSystem, retentionSeconds: number): Promise<ReadonlyMap<string, FinalJob>> {
  const rows = await db
    .selectFrom("jobs")
    .innerJoin("users", "users.id", "jobs.userId")
    .select(["jobs.id", "jobs.userId", "jobs.status", "jobs.failure", "jobs.archiveState", "jobs.completedAt"])
    .select("users.role")
    .execute();
  const dueBefore = Date.now() - (retentionSeconds + DUE_SINCE_SECONDS) * 1_000;
  return new Map(
    rows.map(({ id, completedAt, ...job }) => [
      id,
      { ...job, isDueForArchive: completedAt !== null && completedAt.getTime() < dueBefore },
    ]),
  );
}

async function listResults({ system }: ProofSystem): Promise<FinalListing["results"]> {
  const s3 = await clientOf(S3Client, system);
  const results: { jobId: string; userId: number; key: string }[] = [];
  try {
    const Bucket = resourcesOf({ PREFIX: system.prefix }).buckets.results;
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
      for (const { Key: key = "" } of Contents)
        results.push({ key, jobId: JOB_ID.exec(key)?.[0] ?? key, userId: Number(key.split("/")[1]) });
    }
  } finally {
    s3.destroy();
  }
  return results;
}

/** Every notification mail about a job. */
export async function listMails(cloudUrl: string): Promise<FinalListing["mails"]> {
  const response = await fetch(`${cloudUrl}/_mail/messages.json?limit=${MOST_MAILS}`);
  return Mails.parse(await response.json()).flatMap(({ to, text }) => {
    const jobId = new RegExp(`/annotations/(${JOB_ID.source})`).exec(text)?.[1];
    return jobId === undefined ? [] : [{ jobId, to: to.join(", ") }];
  });
}

async function listSubscriptions({ system }: ProofSystem): Promise<z.infer<typeof Page>["data"]> {
  const { stripeSecretKey } = Secrets.parse(JSON.parse(readFileSync(join(system.dataDir, "secrets.json"), "utf8")));
  const found: z.infer<typeof Page>["data"] = [];
  for (;;) {
    const after = found.at(-1)?.id;
    const query = new URLSearchParams({ limit: "100", status: "all", ...(after && { starting_after: after }) });
    const response = await fetch(`${system.cloudUrl}/v1/subscriptions?${query}`, {
      headers: { authorization: `Bearer ${stripeSecretKey}` },
    });
    const page = Page.parse(await response.json());
    found.push(...page.data);
    if (!page.has_more) return found;
  }
}

async function listWorkers({ db, system }: ProofSystem): Promise<readonly FinalWorker[]> {
  const ec2 = await clientOf(EC2Client, system);
  try {
    const instances = await listInstances(ec2, system.prefix);
    const intents = new Set((await db.selectFrom("launchIntents").select("id").execute()).map(({ id }) => id));
    return instances
      .filter(({ state }) => state === "pending" || state === "running")
      .map(({ id, pool, intentId }) => ({
        id,
        pool,
        intentId,
        isIntended: intentId !== null && intents.has(intentId),
      }));
  } finally {
    ec2.destroy();
  }
}
