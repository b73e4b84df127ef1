import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArchiveStoreName } from "@elastic-gas/shared/database/tables";
import { pause } from "@elastic-gas/shared/shutdown";
import { launchBrowser, openPage } from "@elastic-gas/testing/system/browser";
import type { APIRequestContext } from "playwright-core";
import { gradingSteps } from "./grading-steps.ts";
import type { Check, Figure, Findings, Proof, ProofContext } from "./proof.ts";
import { isSettled, type ProofSystem, startProofSystem } from "./proof-system.ts";
import { storedFiles } from "./stored-files.ts";
import { type TakenStep, takeSteps } from "./story.ts";
import { count, table, timeSpan } from "./words.ts";

const DRIVERS = ["glacier-vault", "s3-glacier"] as const satisfies readonly ArchiveStoreName[];
const RETENTION_SECONDS = { full: 300, quick: 60 };
const CHECK_SECONDS = { full: 60, quick: 10 };
const COMPLETE_SECONDS = 300;
const PAGE_TIMEOUT_MS = 120_000;
const LOOK_EVERY_MS = 1_000;
/** What the browser notes on its console when the payment page declines a card. */
const DECLINED = /status of 402/;

interface Flow {
  readonly driver: ArchiveStoreName;
  readonly steps: readonly TakenStep[];
  /** Looks at a page that only a signed-in user gets, from the first sign-in on; those that found something else. */
  readonly looks: number;
  readonly wrongLooks: readonly string[];
  /** The sizes of the web pool while it was resized by hand; a sentence when that failed. */
  readonly resized: readonly number[] | string;
  /** What the reader's pages failed with. */
  readonly scriptFailures: readonly string[];
}

export const gradingFlow: Proof = {
  name: "grading-flow",
  title: "The course's 13 steps in a browser, for both archive drivers",
  statement:
    "What a grader does, from the invitation to the end of all instances, is done in Chromium on the whole system: once with archives in a Glacier vault, once with archives in S3 Glacier. The user signs in once and stays signed in while the web pool grows and shrinks.",
  async run(context) {
    const flows: Flow[] = [];
    let settings: readonly Figure[] = [];
    for (const driver of DRIVERS) {
      const form = context.quick ? "quick" : "full";
      context.say(`archives in ${driver}`);
      await using proof = await startProofSystem(context, {
        ARCHIVE_DRIVER: driver,
        FREE_RETENTION_SECONDS: String(RETENTION_SECONDS[form]),
        ARCHIVE_CHECK_SECONDS: String(CHECK_SECONDS[form]),
      });
      settings = proof.settings;
      flows.push(await goThrough(proof, { driver, retentionSeconds: RETENTION_SECONDS[form] }, context));
    }
    return findingsOf(flows, settings);
  },
};

async function goThrough(
  proof: ProofSystem,
  { driver, retentionSeconds }: { readonly driver: ArchiveStoreName; readonly retentionSeconds: number },
  { say }: ProofContext,
): Promise<Flow> {
  const { system, manager, wait } = proof;
  await using stack = new AsyncDisposableStack();
  await wait("all pools to be complete", async () => (await manager.pools()).every(isSettled), COMPLETE_SECONDS);
  const folder = await mkdtemp(join(tmpdir(), "gas-grading-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const browser = stack.use(await launchBrowser());
  const files = stack.use(await storedFiles(system));
  const { page, problems } = await openPage(browser);
  const { page: adminPage } = await openPage(browser);
  for (const each of [page, adminPage]) each.setDefaultTimeout(PAGE_TIMEOUT_MS);

  const stop = new AbortController();
  stack.defer(() => stop.abort());
  let watch: SessionWatch | undefined;
  let resizing: Promise<Flow["resized"]> | undefined;
  let scriptFailures: readonly string[] = [];
  const steps = await takeSteps(
    gradingSteps({
      ...{ proof, files, driver, retentionSeconds, page, adminPage, folder },
      openWithoutScript: async () => {
        const session = await page.context().storageState();
        const { page: plain } = await openPage(browser, { script: false, session });
        plain.setDefaultTimeout(PAGE_TIMEOUT_MS);
        return plain;
      },
      onSignedIn() {
        watch = watchSession(page.context().request, `${system.userAppUrl}/profile`, stop.signal);
        resizing = resizeByHand(proof, say).catch(String);
      },
      async beforeTheEnd() {
        await resizing;
        stop.abort();
        await watch?.ended;
        // From here on nobody is there to answer for a while.
        scriptFailures = problems.filter((problem) => !DECLINED.test(problem));
      },
    }),
    say,
  );
  stop.abort();
  await watch?.ended;
  return {
    ...{ driver, steps, scriptFailures },
    looks: watch?.count() ?? 0,
    wrongLooks: watch?.wrong ?? [],
    resized: (await resizing) ?? "not reached",
  };
}

interface SessionWatch {
  readonly ended: Promise<void>;
  readonly wrong: readonly string[];
  count(): number;
}

/** Asks for a page with the reader's cookies, again and again; whoever is not signed in is sent elsewhere. */
function watchSession(requests: APIRequestContext, url: string, signal: AbortSignal): SessionWatch {
  const wrong: string[] = [];
  let looks = 0;
  const look = async () => {
    const answer = await requests.get(url, { maxRedirects: 0, timeout: PAGE_TIMEOUT_MS });
    if (answer.status() !== 200) wrong.push(`${answer.status()} ${answer.headers().location ?? ""}`.trim());
  };
  const loop = async () => {
    while (!signal.aborted) {
      looks += 1;
      await look().catch((error: unknown) => wrong.push(String(error)));
      await pause(LOOK_EVERY_MS, signal);
    }
  };
  return { ended: loop(), wrong, count: () => looks };
}

async function resizeByHand({ manager, wait }: ProofSystem, say: (line: string) => void): Promise<readonly number[]> {
  const sizes = [(await manager.pool("web")).counts.inService];
  for (const button of ["grow", "shrink"] as const) {
    say(await manager.press("web", button));
    const settled = await wait(
      `the web pool to ${button}`,
      async () => {
        const pool = await manager.pool("web");
        return isSettled(pool) && pool;
      },
      COMPLETE_SECONDS,
    );
    sizes.push(settled.counts.inService);
  }
  return sizes;
}

function findingsOf(flows: readonly Flow[], settings: readonly Figure[]): Findings {
  const each = (word: (flow: Flow) => string) => flows.map((flow) => `${flow.driver}: ${word(flow)}`).join("; ");
  const stepChecks = (flows[0]?.steps ?? []).map(
    ({ what }, index): Check => ({
      what: `${index + 1}. ${what}`,
      measured: each(({ steps }) => steps[index]?.seen ?? "not reached"),
      ok: flows.every(({ steps }) => steps[index]?.ok === true),
    }),
  );
  const looks = flows.reduce((sum, flow) => sum + flow.looks, 0);
  const checks: readonly Check[] = [
    ...stepChecks,
    {
      what: "Signed in once, and signed in the whole time until the instances are terminated",
      measured: each((flow) =>
        [`${count(flow.looks)} looks, ${flow.wrongLooks.length} wrong`, ...new Set(flow.wrongLooks)].join(", "),
      ),
      ok: flows.every((flow) => flow.looks > 0 && flow.wrongLooks.length === 0),
    },
    {
      what: "Meanwhile the web pool grows and shrinks by hand",
      measured: each(({ resized }) => (typeof resized === "string" ? resized : `${resized.join(" → ")} in service`)),
      ok: flows.every(
        ({ resized: sizes }) =>
          typeof sizes !== "string" && sizes.length === 3 && (sizes[1] ?? 0) > (sizes[0] ?? 0) && sizes[2] === sizes[0],
      ),
    },
    {
      what: "No script of a page fails",
      measured: each(({ scriptFailures }) => (scriptFailures.length === 0 ? "none" : scriptFailures.join(", "))),
      ok: flows.every(({ scriptFailures }) => scriptFailures.length === 0),
    },
  ];
  const held = flows.flatMap(({ steps }) => steps).filter(({ ok }) => ok).length;
  const whole = ({ steps }: Flow) => timeSpan(steps.reduce((sum, { ms }) => sum + ms, 0));
  return {
    checks,
    figures: [
      { label: "steps", value: `${held} of ${flows.flatMap(({ steps }) => steps).length}` },
      { label: "archive drivers", value: flows.map(({ driver }) => driver).join(", ") },
      {
        label: "looks of a signed-in user, wrong",
        value: `${count(looks)}, ${flows.flatMap(({ wrongLooks }) => wrongLooks).length}`,
      },
      ...flows.map((flow) => ({ label: `all steps with ${flow.driver}`, value: whole(flow) })),
    ],
    settings: [
      ...settings.filter(({ label }) => label !== "ARCHIVE_DRIVER"),
      { label: "ARCHIVE_DRIVER", value: flows.map(({ driver }) => driver).join(", then ") },
    ],
    details: [
      "## Times",
      table(
        ["step", ...flows.map(({ driver }) => driver)],
        (flows[0]?.steps ?? []).map((_, index) => [
          index + 1,
          ...flows.map(({ steps }) => timeSpan(steps[index]?.ms ?? 0)),
        ]),
        { numbers: true },
      ),
    ].join("\n\n"),
    data: { flows },
  };
}
