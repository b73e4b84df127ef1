import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_GLACIER_SETTINGS } from "@elastic-gas/local-cloud/glacier/settings";
import type { Check, Findings, Proof, ProofContext } from "./proof.ts";
import { type ProofSystem, startProofSystem } from "./proof-system.ts";
import { download, makeUser, resultLink, sampleVcf, submitVcf, type VcfUser } from "./vcf-user.ts";
import { seconds, sinceStart, table, timeSpan } from "./words.ts";

const RETENTION_SECONDS = { full: 300, quick: 20 };
const CHECK_SECONDS = { full: 60, quick: 2 };
const CARD = "4242 4242 4242 4242";
/** A refusal may come so much after the limit: one look of ours, and its request. */
const LATE_MS = 3_000;

/** What happened when, epoch milliseconds. */
interface Course {
  readonly completedAt: number;
  /** When the last request was sent that got a link. */
  readonly lastLinkAt: number;
  /** When the first request was sent that got none. */
  readonly noLinkAt: number;
  readonly looks: number;
  readonly archivedAt: number;
  readonly paidAt: number;
  readonly restoringAt: number;
  readonly keptAt: number;
  readonly tier: string;
  readonly before: string;
  readonly after: string;
  readonly bytes: number;
  /** Status of a link that was handed out before the limit and used after it. */
  readonly lateUse: number;
  /** Status of the same when the result lay in the archive. */
  readonly goneStatus: number;
  readonly archivedPage: number;
  readonly logWhileArchived: number;
  readonly roleAfterPaying: string;
}

export const archiveAndBack: Proof = {
  name: "archive-and-back",
  title: "A Free result is archived when its time is over, and Premium brings it back byte for byte",
  statement:
    "A Free user's download link ends by the clock and the result moves to the archive; after paying, the result is retrieved and the download is the same file. The log stays readable all the time.",
  async run(context) {
    const form = context.quick ? "quick" : "full";
    await using proof = await startProofSystem(context, {
      FREE_RETENTION_SECONDS: String(RETENTION_SECONDS[form]),
      ARCHIVE_CHECK_SECONDS: String(CHECK_SECONDS[form]),
    });
    const user = await makeUser(proof, { username: "reader", role: "free_user" });
    const course = await follow(proof, user, context);
    return findingsOf(course, RETENTION_SECONDS[form], proof);
  },
};

async function follow(proof: ProofSystem, user: VcfUser, { quick, say }: ProofContext): Promise<Course> {
  const retentionMs = RETENTION_SECONDS[quick ? "quick" : "full"] * 1_000;
  const jobId = await submitVcf(user, "grch38.vcf", sampleVcf("grch38.vcf"));
  const job = () => proof.db.selectFrom("jobs").selectAll().where("id", "=", jobId).executeTakeFirstOrThrow();
  const { completedAt: completed } = await proof.wait(
    "the job to be completed",
    async () => {
      const row = await job();
      return row.status === "COMPLETED" && row;
    },
    300,
  );
  if (completed === null) throw new Error("A completed job has no time of completion.");
  const completedAt = completed.getTime();
  const first = await getResult(user, jobId);
  say(`completed; ${first.length} bytes downloaded. Looking for a link until there is none`);

  const looked = await lookUntilNone(user, jobId);
  say(`no link ${timeSpan(looked.noLinkAt - completedAt)} after completion`);
  await sleep(Math.max(0, completedAt + retentionMs + 1_000 - Date.now()));
  const lateUse = (await download(looked.lastLink)).status;
  const archivedAt = await proof.wait(
    "the result to be archived",
    async () => {
      const row = await job();
      return row.archiveState === "archived" && row.archivedAt?.getTime();
    },
    retentionMs / 1_000 + 300,
  );
  const archivedPage = (await user.browser.get(`/annotations/${jobId}`)).status;
  const logWhileArchived = (await user.browser.get(`/annotations/${jobId}/log`)).status;
  const goneStatus = (await download(looked.lastLink)).status;
  say("archived; upgrading");

  const paidAt = Date.now();
  await pay(user);
  const { role } = await proof.db
    .selectFrom("users")
    .select("role")
    .where("id", "=", user.id)
    .executeTakeFirstOrThrow();
  const asked = await proof.wait(
    "the restore to be asked for",
    async () => {
      const { restoreAskedAt, archiveTier: tier } = await job();
      return restoreAskedAt !== null && tier !== null && { at: restoreAskedAt.getTime(), tier };
    },
    300,
  );
  const keptAt = await proof.wait(
    "the result to be back",
    async () => (await job()).archiveState === "kept" && Date.now(),
    900,
  );
  const second = await getResult(user, jobId);
  say(`back after ${timeSpan(keptAt - paidAt)}`);
  const { lastLinkAt, noLinkAt, looks } = looked;
  return {
    ...{ completedAt, lastLinkAt, noLinkAt, looks, archivedAt, paidAt, restoringAt: asked.at, keptAt },
    tier: asked.tier,
    ...{ before: sha256(first), after: sha256(second), bytes: second.length },
    ...{ lateUse, goneStatus, archivedPage, logWhileArchived, roleAfterPaying: role },
  };
}

async function getResult(user: VcfUser, jobId: string): Promise<string> {
  const link = await resultLink(user, jobId);
  if (link === undefined) throw new Error("There is no link to the result.");
  const { status, text } = await download(link);
  if (status !== 200) throw new Error(`The result's link answered ${status}.`);
  return text;
}

/** Asks for the result once a second until the reader is sent to the upgrade page. */
async function lookUntilNone(user: VcfUser, jobId: string) {
  let lastLink = "";
  let lastLinkAt = 0;
  for (let looks = 1; ; looks += 1) {
    const sentAt = Date.now();
    const link = await resultLink(user, jobId);
    if (link === undefined) return { lastLink, lastLinkAt, noLinkAt: sentAt, looks };
    lastLink = link;
    lastLinkAt = sentAt;
    await sleep(1_000);
  }
}

/** Through the payment page that local-cloud shows in Stripe's place. */
async function pay({ browser }: VcfUser): Promise<void> {
  await browser.get("/subscribe");
  const { location } = await browser.submit("/subscribe");
  if (location === null) throw new Error("There is no payment page.");
  const paid = await fetch(location, {
    method: "POST",
    body: new URLSearchParams({ card_number: CARD }),
    redirect: "manual",
  });
  const back = paid.headers.get("location");
  if (back === null) throw new Error(`The payment page answered ${paid.status}.`);
  const { pathname, search } = new URL(back);
  const done = await browser.get(`${pathname}${search}`);
  if (!done.text.includes("You are Premium")) throw new Error(`After the payment: ${done.status}`);
}

function findingsOf(course: Course, retentionSeconds: number, proof: ProofSystem): Findings {
  const { completedAt, lastLinkAt, noLinkAt, archivedAt, paidAt, restoringAt, keptAt } = course;
  const endsAt = completedAt + retentionSeconds * 1_000;
  const after = (at: number) => seconds(at - completedAt);
  const checks: readonly Check[] = [
    {
      what: `the link is there until ${retentionSeconds} s after completion, by the clock`,
      measured: `last link asked for after ${after(lastLinkAt)}, none after ${after(noLinkAt)} (${course.looks} looks)`,
      ok: lastLinkAt <= endsAt && noLinkAt >= endsAt - LATE_MS && noLinkAt <= endsAt + LATE_MS,
    },
    {
      what: "a link that was handed out before does not outlive that time",
      measured: `${course.lateUse}`,
      ok: course.lateUse === 403,
    },
    {
      what: "the result is archived, and not before that time",
      measured: `after ${after(archivedAt)}`,
      ok: archivedAt >= endsAt,
    },
    {
      what: "page and log of the job stay readable",
      measured: `${course.archivedPage}, ${course.logWhileArchived}`,
      ok: course.archivedPage === 200 && course.logWhileArchived === 200,
    },
    {
      what: "paying makes the reader Premium",
      measured: course.roleAfterPaying,
      ok: course.roleAfterPaying === "premium_user",
    },
    {
      what: "the result comes back byte for byte",
      measured: `${course.bytes} bytes, SHA-256 ${course.after.slice(0, 16)}… before ${course.before.slice(0, 16)}…`,
      ok: course.before === course.after,
    },
  ];
  const events: readonly (readonly [number, string])[] = [
    [completedAt, "job completed, result downloaded"],
    [lastLinkAt, "last look that found a link"],
    [noLinkAt, "first look that was sent to the upgrade page"],
    [archivedAt, "result verified in the archive and recorded"],
    [paidAt, "paid"],
    [restoringAt, "retrieval asked for"],
    [keptAt, "result back, archive deleted"],
  ];
  const { Expedited, Standard } = DEFAULT_GLACIER_SETTINGS.retrievalSeconds;
  return {
    checks,
    figures: [
      { label: "no link after", value: after(noLinkAt) },
      { label: "archived after", value: after(archivedAt) },
      { label: "paid until the result was back", value: timeSpan(keptAt - paidAt) },
      { label: "same file", value: course.before === course.after ? "yes" : "NO" },
      { label: "retrieval", value: course.tier },
    ],
    settings: [
      ...proof.settings,
      { label: "archive", value: "glacier-vault" },
      { label: "retrieval times", value: `Expedited ${Expedited} s, Standard ${Standard} s (hours on AWS)` },
    ],
    details: [
      "## Course",
      table(
        ["time", "what"],
        events.map(([at, what]) => [sinceStart(at, completedAt), what]),
      ),
    ].join("\n\n"),
    data: course,
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
