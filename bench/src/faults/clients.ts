import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pause } from "@elastic-gas/shared/shutdown";
import { FormBrowser } from "@elastic-gas/start/demo/form-browser";
import { SAMPLES } from "@elastic-gas/testing/system/system";
import type { ProofSystem } from "../prove/proof-system.ts";
import { countRecords, download, makeUser, resultLink, sampleVcf, submitVcf, type VcfUser } from "../prove/vcf-user.ts";
import { type History, noteRequest } from "./history.ts";

const ANSWER_LIMIT_MS = 90_000;
const CARD = "4242 4242 4242 4242";
/** Pauses between two turns of each kind of client. */
const EVERY_MS = {
  page: 400,
  signedIn: 1_000,
  photo: 6_000,
  register: 8_000,
  submit: 5_000,
  download: 3_000,
  intrude: 3_000,
  provider: 5_000,
  upgrade: 1_000,
};
/** The submitters have so many jobs under way at most, however long these are held up. */
const MOST_UNDER_WAY = 12;
const COMPLETED_DEADLINE_MS = 240_000;

export interface ClientsOptions {
  readonly proof: ProofSystem;
  readonly history: History;
  readonly signal: AbortSignal;
  readonly random: () => number;
  readonly retentionSeconds: number;
  /** Where people's browsers reach the identity provider, whether or not it answers the workers. */
  readonly providerUrl: string;
}

export interface Clients {
  /** What went wrong; null: signed in by the identity provider. */
  signInByProvider(): Promise<string | null>;
  /** Submits files that are no VCF: they can only fail. */
  submitBadFiles(): Promise<void>;
  /** Resolves when all of them have ended, after the signal aborted. */
  readonly ended: Promise<void>;
}

/** People and programs that use the system all the time, and remember what they were told. */
export async function startClients(options: ClientsOptions): Promise<Clients> {
  const { proof, history, signal, random } = options;
  const origin = proof.system.userAppUrl;
  const [free, premium, intruder] = await Promise.all([
    makeUser(proof, { username: "free-reader", role: "free_user" }),
    makeUser(proof, { username: "premium-reader", role: "premium_user" }),
    makeUser(proof, { username: "intruder", role: "free_user" }),
  ]);
  const photo = readFileSync(join(SAMPLES, "pictures", "one-masked.jpg"));
  let number = 0;

  const submit = async (user: VcfUser, content: string, records: number | null): Promise<string> => {
    number += 1;
    const jobId = await submitVcf(user, `sample-${number}.vcf`, content);
    history.submissions.push({ at: Date.now(), jobId, userId: user.id, email: user.email, records });
    return jobId;
  };
  const submitSample = (user: VcfUser): Promise<string> => {
    const content = sampleVcf(random() < 0.5 ? "grch38.vcf" : "grch37.vcf");
    return submit(user, content, countRecords(content));
  };
  const underWay = async (): Promise<number> => {
    const rows = await proof.db.selectFrom("jobs").select("id").where("status", "in", ["PENDING", "RUNNING"]).execute();
    return rows.length;
  };
  const fetchResult = async (user: VcfUser, jobId: string): Promise<void> => {
    const link = await resultLink(user, jobId);
    if (link === undefined) return;
    const { status, text } = await download(link);
    if (status !== 200) return;
    const sha256 = createHash("sha256").update(text).digest("hex");
    history.downloads.push({ at: Date.now(), jobId, sha256, records: countRecords(text) });
  };
  /** A turn that fails is over; what it was promised before stays promised. */
  const loop = async (everyMs: number, turn: () => Promise<unknown>): Promise<void> => {
    while (!signal.aborted) {
      await turn().catch(() => undefined);
      await pause(everyMs * (0.5 + random()), signal);
    }
  };
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${origin}${path}`, {
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      ...init,
    });
    return {
      status: response.status,
      retryAfter: response.headers.get("retry-after"),
      text: await response.text(),
    };
  };
  const open = async (browser: FormBrowser, path: string) => {
    const { status, location, text, retryAfter } = await browser.get(path);
    // Whoever is sent to sign in was not let in.
    return { status: location?.startsWith("/login") === true ? 401 : status, text, retryAfter };
  };

  let registered = 0;
  const register = async (): Promise<void> => {
    registered += 1;
    const username = `person-${registered}`;
    const { status } = await ask("/api/register", {
      method: "POST",
      body: new URLSearchParams({ username, password: "correct horse battery" }),
    });
    if (status === 200) history.registrations.push({ at: Date.now(), username });
  };
  const sendPhoto = () => {
    const form = new FormData();
    form.set("file", new Blob([photo], { type: "application/octet-stream" }), "one-masked.jpg");
    form.set("username", "free-reader");
    form.set("password", "a long password");
    return noteRequest(history, "photo", () => ask("/api/upload", { method: "POST", body: form }));
  };
  const intrude = async (): Promise<void> => {
    const job = history.submissions[Math.floor(random() * history.submissions.length)];
    if (job === undefined || job.userId === intruder.id) return;
    await noteRequest(history, "other's job", () => open(intruder.browser, `/annotations/${job.jobId}`));
    await noteRequest(history, "other's result", () => open(intruder.browser, `/annotations/${job.jobId}/result`));
  };
  const signInByProvider = async (): Promise<string | null> => {
    const browser = new FormBrowser(origin);
    const asked = await noteRequest(history, "provider sign-in", () => browser.get("/login/oidc"));
    if (asked?.location == null) return `/login/oidc answered ${asked?.status}`;
    const { search, pathname } = new URL(asked.location);
    const answer = await fetch(`${options.providerUrl}${pathname}${search}`, { redirect: "manual" });
    const back = new URL(answer.headers.get("location") ?? "");
    const path = `${back.pathname}${back.search}`;
    const signedIn = await noteRequest(history, "provider sign-in", () => browser.get(path));
    return signedIn?.status === 303 ? null : `the way back answered ${signedIn?.status}`;
  };
  const downloadOne = async (): Promise<void> => {
    for (const user of [free, premium]) {
      const own = history.submissions.filter(({ userId, records }) => userId === user.id && records !== null);
      const job = own[Math.floor(random() * own.length)];
      if (job !== undefined) await fetchResult(user, job.jobId);
    }
  };

  const ended = Promise.all([
    loop(EVERY_MS.page, () => noteRequest(history, "page", () => ask("/login"))),
    loop(EVERY_MS.signedIn, () => noteRequest(history, "signed-in page", () => open(free.browser, "/annotations"))),
    loop(EVERY_MS.photo, sendPhoto),
    loop(EVERY_MS.register, register),
    loop(EVERY_MS.submit, async () => {
      if ((await underWay()) < MOST_UNDER_WAY) await submitSample(random() < 0.5 ? free : premium);
    }),
    loop(EVERY_MS.download, downloadOne),
    loop(EVERY_MS.intrude, intrude),
    loop(EVERY_MS.provider, signInByProvider),
    loop(EVERY_MS.upgrade, () => upgradeOne({ ...options, submitSample, fetchResult })),
  ]);
  return {
    signInByProvider,
    submitBadFiles: async () => {
      await submit(premium, "This is a letter, not a VCF.\n", null);
      await submit(premium, readFileSync(join(SAMPLES, "vcf", "no-header-line.vcf"), "utf8"), null);
    },
    ended: ended.then(() => undefined),
  };
}

/**
 * A Free user who upgrades at some moment between a job's completion and the end of its archiving, and now and then
 * cancels and upgrades again.
 */
async function upgradeOne({
  proof,
  history,
  signal,
  random,
  retentionSeconds,
  submitSample,
  fetchResult,
}: ClientsOptions & {
  readonly submitSample: (user: VcfUser) => Promise<string>;
  readonly fetchResult: (user: VcfUser, jobId: string) => Promise<void>;
}): Promise<void> {
  const username = `upgrader-${Date.now().toString(36)}`;
  const user = await makeUser(proof, { username, role: "free_user" });
  const jobId = await submitSample(user);
  const until = Date.now() + COMPLETED_DEADLINE_MS;
  const isCompleted = async (): Promise<boolean> => {
    const row = await proof.db.selectFrom("jobs").select("status").where("id", "=", jobId).executeTakeFirst();
    return row?.status === "COMPLETED";
  };
  while (!signal.aborted && Date.now() < until && !(await isCompleted().catch(() => false))) await pause(500, signal);
  await fetchResult(user, jobId).catch(() => undefined);
  await pause(random() * 2 * retentionSeconds * 1_000, signal);
  await pay(user, history);
  await fetchResult(user, jobId).catch(() => undefined);
  if (signal.aborted || random() < 0.5) return;
  await pause(random() * retentionSeconds * 1_000, signal);
  await user.browser.get("/unsubscribe");
  await user.browser.submit("/unsubscribe");
  if (signal.aborted || random() < 0.5) return;
  await pause(random() * 2 * retentionSeconds * 1_000, signal);
  await pay(user, history);
}

/** Through the payment page that local-cloud shows in Stripe's place. */
async function pay({ id, browser }: VcfUser, { payments }: Pick<History, "payments">): Promise<void> {
  await browser.get("/subscribe");
  const { location } = await browser.submit("/subscribe");
  if (location === null || !location.includes("/_stripe/checkout/")) return;
  // Noted before: whether it was taken is unknown when no answer comes.
  payments.push({ at: Date.now(), userId: id });
  const paid = await fetch(location, {
    method: "POST",
    body: new URLSearchParams({ card_number: CARD }),
    redirect: "manual",
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  });
  const back = paid.headers.get("location");
  if (back === null) return;
  const { pathname, search } = new URL(back);
  await browser.get(`${pathname}${search}`);
}
