import { createTestDatabase } from "@elastic-gas/testing/database";
import { describe, expect, it } from "vitest";
import { readServiceTime, serviceTimeOf } from "./service-time.ts";

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 5, 14, 0, 0) + seconds * 1_000);

describe("the service time", () => {
  it("is the mean over finished jobs of the time between start and end", () => {
    const jobs = [
      { startedAt: at(0), completedAt: at(10) },
      { startedAt: at(5), completedAt: at(55) },
    ];
    expect(serviceTimeOf(jobs)).toEqual({ serviceSeconds: 30, finished: 2 });
  });

  it("is not known without one: what never started, or ended in the very moment, teaches nothing", () => {
    expect(serviceTimeOf([])).toEqual({ serviceSeconds: null, finished: 0 });
    const odd = [
      { startedAt: null, completedAt: at(10) },
      { startedAt: at(10), completedAt: at(10) },
    ];
    expect(serviceTimeOf(odd)).toEqual({ serviceSeconds: null, finished: 0 });
  });

  it("is learned from the latest 50 finished jobs, failed ones included", async () => {
    await using database = await createTestDatabase();
    const { db } = database;
    const { insertId } = await db
      .insertInto("users")
      .values({
        username: "ada",
        email: null,
        passwordHash: null,
        oidcIssuer: null,
        oidcSubject: null,
        stripeCustomerId: null,
      })
      .executeTakeFirstOrThrow();
    const job = (index: number, seconds: number, status: "COMPLETED" | "FAILED") => ({
      id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
      userId: Number(insertId),
      inputName: "a.vcf",
      inputKey: "a",
      inputEtag: "e",
      inputSize: 1,
      status,
      startedAt: at(index * 100),
      completedAt: at(index * 100 + seconds),
    });
    const old = Array.from({ length: 10 }, (_, index) => job(index, 90, "COMPLETED"));
    const latest = Array.from({ length: 50 }, (_, index) =>
      job(10 + index, 20, index % 2 === 0 ? "FAILED" : "COMPLETED"),
    );
    await db
      .insertInto("jobs")
      .values([...old, ...latest])
      .execute();
    expect(await readServiceTime(db)).toEqual({ serviceSeconds: 20, finished: 50 });
  });
});
