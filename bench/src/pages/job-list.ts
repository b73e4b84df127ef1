import { createToken } from "@elastic-gas/shared/accounts/api-tokens";
import type { Database } from "@elastic-gas/shared/database/connect";
import { countReads } from "@elastic-gas/testing/database-reads";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { startTestApp, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { type Cursor, listJobs } from "@elastic-gas/user-app/annotations/queries";
import { sql } from "kysely";
import type { Figure, Growth, Measured, Measurement } from "../figures/measurement.ts";
import { median } from "../figures/median.ts";
import { within } from "./samples.ts";
import { useDatabaseServer } from "./use-database-server.ts";

const SIZES = [1_000, 10_000, 100_000];
const QUICK_SIZES = [200, 1_000, 2_000];
const ROUNDS = 41;
const QUICK_ROUNDS = 5;
const WARM_UP_ROUNDS = 5;
const PAGE = 50;
const MOST_APART_MS = 20;

const PLACES = ["first", "middle", "last"] as const;
type Place = (typeof PLACES)[number];

/** Medians in milliseconds. */
interface ListTimes {
  readonly jobs: number;
  readonly page: Readonly<Record<Place, number>>;
  readonly api: Readonly<Record<Place, number>>;
  /** Rows and places of indexes that the database looked at for a page of the list. */
  readonly reads: Readonly<Record<Place, number>>;
}

/** The list of one user's jobs, as a page and as JSON, at its first, its middle and its last page. */
export const jobList: Measurement = {
  name: "job-list",
  about: "The list of one user's jobs by their number, page by page, on MariaDB",
  minutes: 1,
  async measure({ quick, say }): Promise<Measured> {
    await using started = new AsyncDisposableStack();
    started.use(await useDatabaseServer());
    const app = started.use(await startTestApp(await startTestCloud(), { API_REQUESTS_PER_MINUTE: "100000" }));
    const userId = await app.makeUser("ada");
    const reader = await openReader(app, userId);
    const times: ListTimes[] = [];
    for (const size of quick ? QUICK_SIZES : SIZES) {
      await fillUpTo(app.db, userId, size);
      times.push(await timeLists(app.db, { userId, reader, rounds: quick ? QUICK_ROUNDS : ROUNDS }));
      say(`${size} jobs: ${PLACES.map((place) => `${place} ${times.at(-1)?.page[place].toFixed(1)} ms`).join(", ")}`);
    }
    const largest = times.at(-1);
    if (largest === undefined) throw new Error("No size was measured.");
    return { figures: figuresOf(largest), growth: [growthOf(times)] };
  },
};

interface Reader {
  page(cursor: Cursor | undefined): Promise<void>;
  api(cursor: Cursor | undefined): Promise<void>;
}

async function openReader(app: TestApp, userId: number): Promise<Reader> {
  const browser = await app.signedIn("ada");
  const token = await createToken(app.db, {
    audience: "user",
    userId,
    name: "job list",
    scope: "read",
    expiresAt: null,
  });
  const query = (cursor: Cursor | undefined): string =>
    cursor === undefined ? "" : `?older=${cursor.at.toISOString()}_${cursor.id}`;
  return {
    async page(cursor) {
      const { status, text } = await browser.get(`/annotations${query(cursor)}`);
      if (status !== 200 || text.split("data-job-status").length !== PAGE + 1)
        throw new Error(`The list answered ${status}, and not with ${PAGE} jobs.`);
    },
    async api(cursor) {
      const answer = await fetch(`${app.origin}/api/v1/annotations${query(cursor)}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const { annotations } = (await answer.json()) as { readonly annotations?: readonly unknown[] }; // of the failure none
      if (annotations?.length !== PAGE)
        throw new Error(`The API answered ${answer.status}, and not with ${PAGE} jobs.`);
    },
  };
}

/** Finished jobs, one a minute; every 100th failed. */
async function fillUpTo(db: Database, userId: number, size: number): Promise<void> {
  const { n } = await db.selectFrom("jobs").select(sql<number>`count(*)`.as("n")).executeTakeFirstOrThrow();
  const at = sql`utc_timestamp(3) - interval seq minute`;
  await sql`insert into jobs (id, user_id, input_name, input_key, input_etag, input_size, status, submitted_at, started_at,
      completed_at, result_key, log_key)
    select uuid(), ${userId}, concat('sample-', seq, '.vcf'), concat('test/', seq, '/input.vcf'), 'etag', 1000 + seq,
      if(seq % 100 = 0, 'FAILED', 'COMPLETED'), ${at}, ${at}, ${at}, concat('test/', seq, '/result.vcf'), 'test/log'
    from ${sql.raw(`seq_${Number(n) + 1}_to_${size}`)}`.execute(db);
  // What a server does by itself after a while.
  await sql`analyze table jobs`.execute(db);
}

async function timeLists(
  db: Database,
  { userId, reader, rounds }: { readonly userId: number; readonly reader: Reader; readonly rounds: number },
): Promise<ListTimes> {
  const jobs = await db
    .selectFrom("jobs")
    .select(["id", "submittedAt as at"])
    .where("userId", "=", userId)
    .orderBy("submittedAt", "desc")
    .orderBy("id", "desc")
    .execute();
  // The page of a cursor begins with the next older job.
  const cursors = {
    first: undefined,
    middle: jobs[Math.floor(jobs.length / 2)],
    last: jobs.at(-PAGE - 1),
  } satisfies Record<Place, Cursor | undefined>;
  const samples = { page: newSamples(), api: newSamples() };
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const kind of ["page", "api"] as const)
      for (const place of PLACES) {
        const began = performance.now();
        await reader[kind](cursors[place]);
        if (round >= 0) samples[kind][place].push(performance.now() - began);
      }
  }
  const reads = async (place: Place): Promise<number> => {
    const cursor = cursors[place];
    const asked = { userId, filter: "all", search: "", ...(cursor === undefined ? {} : { older: cursor }) } as const;
    return countReads(db, (one) => listJobs(one, asked));
  };
  return {
    jobs: jobs.length,
    page: within(samples.page, median),
    api: within(samples.api, median),
    reads: { first: await reads("first"), middle: await reads("middle"), last: await reads("last") },
  };
}

function newSamples(): Record<Place, number[]> {
  return { first: [], middle: [], last: [] };
}

function figuresOf({ jobs, page, api, reads }: ListTimes): readonly Figure[] {
  const many = jobs.toLocaleString("en-US");
  const apart = (times: ListTimes["page"]): number =>
    Math.max(...PLACES.map((place) => Math.abs(times[place] - times.first)));
  const kinds = [
    ["page", "the list as a page", page],
    ["api", "GET /api/v1/annotations", api],
  ] as const;
  return [
    ...kinds.flatMap(([kind, what, times]): readonly Figure[] => [
      {
        name: `job-list-${kind}-apart`,
        what: `${what}, ${many} jobs: how far the first, the middle and the last page are apart`,
        value: apart(times),
        unit: "ms",
        baseline: "medians of one run, one request at a time",
        better: "lower",
        asked: MOST_APART_MS,
        isComparable: false,
      },
      {
        name: `job-list-${kind}-last`,
        what: `${what}, ${many} jobs: its last page`,
        value: times.last / times.first,
        unit: "ratio",
        baseline: "its first page",
        better: "lower",
      },
    ]),
    {
      name: "job-list-reads",
      what: `rows that the database looks at for the slowest page of ${many} jobs`,
      value: Math.max(...Object.values(reads)),
      unit: "count",
      baseline: "its own counters; a page has 50 jobs",
      better: "lower",
    },
  ];
}

function growthOf(times: readonly ListTimes[]): Growth {
  const line = (kind: "page" | "api", place: Place, label: string) => ({
    label,
    points: times.map((each) => [each.jobs, each[kind][place]] as const),
  });
  return {
    name: "job-list",
    title: "The list of a user's jobs by their number",
    x: "jobs",
    y: "ms",
    lines: [
      line("page", "first", "page, first"),
      line("page", "middle", "page, middle"),
      line("page", "last", "page, last"),
      line("api", "first", "API, first"),
      line("api", "last", "API, last"),
    ],
  };
}
