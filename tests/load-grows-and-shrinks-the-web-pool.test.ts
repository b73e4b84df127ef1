import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectDatabase, type Database } from "../shared/src/database/connect.ts";
import { type RunningSystem, startSystem } from "../testing/src/system/system.ts";
import { waitUntil } from "../testing/src/wait-until.ts";

const PHOTO = join(import.meta.dirname, "../samples/pictures/one-masked.jpg");
const CLIENTS = 6;
const LONGEST_LOAD_MS = 150_000;

describe("a CPU-bound load", () => {
  let system: RunningSystem;
  let db: Database;

  beforeAll(async () => {
    system = await startSystem();
    db = connectDatabase({ url: await system.databaseUrl(), connectionLimit: 2 });
  });
  afterAll(async () => {
    await db?.destroy();
    await system?.[Symbol.asyncDispose]();
  });

  async function desired(): Promise<number> {
    const pool = await db.selectFrom("pools").select("desired").where("name", "=", "web").executeTakeFirstOrThrow();
    return pool.desired;
  }

  test("grows the web pool, and without load it shrinks back to 1, without a failed request", async () => {
    const photo = readFileSync(PHOTO);
    await fetch(`${system.userAppUrl}/api/register`, {
      method: "POST",
      body: new URLSearchParams({ username: "load", password: "pass" }),
    });
    const outcomes = new Map<string, number>();
    const loadEnds = new AbortController();
    const timer = setTimeout(() => loadEnds.abort(), LONGEST_LOAD_MS);
    const upload = async () => {
      const form = new FormData();
      form.set("file", new Blob([photo], { type: "application/octet-stream" }), "photo.jpg");
      form.set("username", "load");
      form.set("password", "pass");
      const response = await fetch(`${system.userAppUrl}/api/upload`, { method: "POST", body: form });
      const text = await response.text();
      const outcome = `${response.status} ${text.slice(0, 200)}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    };
    const clients = Array.from({ length: CLIENTS }, async () => {
      while (!loadEnds.signal.aborted) {
        try {
          await upload();
        } catch (error) {
          const outcome = `failed: ${error instanceof Error ? (error.cause ?? error.message) : error}`;
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }
      }
    });

    const largest = await waitUntil("the pool to grow", async () => ((await desired()) >= 2 ? desired() : undefined), {
      deadlineMs: LONGEST_LOAD_MS,
    });
    await waitUntil(
      "the new workers to take requests",
      async () => {
        const rows = await db
          .selectFrom("workers")
          .select("instanceId")
          .where("pool", "=", "web")
          .where("inServiceAt", "is not", null)
          .execute();
        return rows.length >= largest;
      },
      { deadlineMs: LONGEST_LOAD_MS },
    );
    clearTimeout(timer);
    loadEnds.abort();
    await Promise.all(clients);

    const shrunkTo = await waitUntil(
      "the pool to be back at 1",
      async () => ((await desired()) === 1 ? 1 : undefined),
      {
        deadlineMs: 240_000,
      },
    );
    expect(shrunkTo).toBe(1);
    expect([...outcomes.keys()]).toEqual([expect.stringMatching(/^200 \{"success":true/)]);
    const reasons = await db
      .selectFrom("activities")
      .select("reason")
      .where("pool", "=", "web")
      .where("cause", "=", "policy")
      .execute();
    const sentences = reasons.map(({ reason }) => reason);
    expect(sentences).toContainEqual(expect.stringMatching(/^web grew 1 → \d: .*(above|more than) 70/));
    expect(sentences).toContainEqual(expect.stringMatching(/^web shrank \d → 1: .*below/));
  }, 600_000);
});
