import { randomUUID } from "node:crypto";
import { connectDatabase, type Database } from "@elastic-gas/shared/database/connect";
import type { Role, Tables } from "@elastic-gas/shared/database/tables";
import { putLetter } from "@elastic-gas/shared/reliability/fail-job";
import { putMessage } from "@elastic-gas/shared/reliability/outbox";
import type { QueueKey } from "@elastic-gas/shared/resources";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import type { Insertable } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WAITING_KINDS, type WaitingKind } from "../model/alerts/waiting-work.ts";
import { listWaitingWork } from "./waiting-work.ts";

const CONFIG = { WAITING_ALERT_SECONDS: 300, FREE_RETENTION_SECONDS: 1_000, ARCHIVE_CHECK_SECONDS: 60 };
const NOW = Date.now();
const ago = (seconds: number) => new Date(NOW - seconds * 1_000);

let database: TestDatabase;
/** With the rights of the manager, as it reads in production. */
let managerDb: Database;
const users: Record<Role, number> = { free_user: 0, premium_user: 0 };

beforeAll(async () => {
  database = await createTestDatabase();
  managerDb = connectDatabase({ url: await database.urlOf("manager"), connectionLimit: 1 });
  for (const role of ["free_user", "premium_user"] as const) users[role] = await addUser(role);
});
beforeEach(async () => {
  for (const table of ["jobs", "outbox", "pendingDeletes", "subscriptions", "deadLetters", "userMails"] as const)
    await database.db.deleteFrom(table).execute();
});
afterAll(async () => {
  await managerDb?.destroy();
  await database?.[Symbol.asyncDispose]();
});

async function addUser(role: Role): Promise<number> {
  const values = { username: role, role, email: null, passwordHash: null } as const;
  const { insertId } = await database.db
    .insertInto("users")
    .values({ ...values, oidcIssuer: null, oidcSubject: null, stripeCustomerId: null })
    .executeTakeFirstOrThrow();
  return Number(insertId);
}

async function addMail(times: { readonly dueAt: Date; readonly sentAt?: Date }): Promise<void> {
  const mail = { userId: users.premium_user, kind: "result-restored", about: randomUUID(), detail: "{}" } as const;
  await database.db
    .insertInto("userMails")
    .values({ ...mail, ...times })
    .execute();
}

type JobChanges = Partial<Insertable<Tables["jobs"]>>;

/** A job that ended long ago and owes nobody anything. */
async function addJob(role: Role, changes: JobChanges = {}): Promise<string> {
  const id = randomUUID();
  const userId = users[role];
  const file = { inputName: "in.vcf", inputKey: `dev/${userId}/${id}~in.vcf`, inputEtag: "e", inputSize: 1 };
  const ended = {
    status: "COMPLETED",
    submittedAt: ago(90_000),
    completedAt: ago(90_000),
    notifiedAt: ago(89_990),
  } as const;
  const archiveState = role === "free_user" ? "archived" : "kept";
  await database.db
    .insertInto("jobs")
    .values({ id, userId, ...file, ...ended, archiveState, ...changes })
    .execute();
  return id;
}

const addMessage = async (
  createdAt: Date,
  { queue = "archive", sentAt = null }: { queue?: QueueKey; sentAt?: Date | null } = {},
) => {
  const body = JSON.stringify({ version: 1, userId: users.premium_user });
  await database.db.insertInto("outbox").values({ queue, body, createdAt, sentAt, claimedUntil: null }).execute();
};
const addSubscription = async (changes: Partial<Insertable<Tables["subscriptions"]>>) => {
  const own = { id: randomUUID(), userId: users.premium_user, status: "active", currentPeriodEnd: null };
  await database.db
    .insertInto("subscriptions")
    .values({ ...own, ...changes })
    .execute();
};
const addDelete = (createdAt: Date) =>
  database.db.insertInto("pendingDeletes").values({ store: "results", name: "a key", createdAt }).execute();

const running = (changes: JobChanges): JobChanges => ({
  completedAt: null,
  notifiedAt: null,
  archiveState: "kept",
  ...changes,
});

interface Case {
  readonly kind: WaitingKind;
  /** Due 400 s ago. */
  readonly late: () => Promise<unknown>;
  /** Not due yet, or done. */
  readonly fine: () => Promise<unknown>;
}

const CASES: readonly Case[] = [
  {
    kind: "messages",
    late: () => addMessage(ago(400)),
    fine: async () => {
      await addMessage(ago(200));
      await addMessage(ago(900), { sentAt: ago(899) });
    },
  },
  {
    kind: "annotations",
    late: () => addJob("free_user", running({ status: "PENDING", submittedAt: ago(400), attempt: 5 })),
    fine: async () => {
      await addJob("free_user", running({ status: "RUNNING", submittedAt: ago(400), attempt: 4 }));
      await addJob("free_user", running({ status: "PENDING", submittedAt: ago(400), attempt: 5, lostWorkers: 1 }));
      await addJob("free_user", running({ status: "PENDING", submittedAt: ago(400), attempt: 6, failures: 2 }));
      await addJob("free_user", running({ status: "PENDING", submittedAt: ago(200), attempt: 9 }));
      await addJob("free_user", { attempt: 9 });
    },
  },
  {
    kind: "mails",
    late: () => addJob("premium_user", { status: "FAILED", completedAt: ago(400), notifiedAt: null }),
    fine: async () => {
      await addJob("premium_user", { completedAt: ago(200), notifiedAt: null });
      await addJob("premium_user", { completedAt: ago(400), notifiedAt: ago(399) });
    },
  },
  {
    kind: "mails",
    late: () => addMail({ dueAt: ago(400) }),
    fine: async () => {
      await addMail({ dueAt: ago(200) });
      await addMail({ dueAt: ago(400), sentAt: ago(399) });
    },
  },
  {
    kind: "archives",
    late: () => addJob("free_user", { completedAt: ago(1_400), archiveState: "archiving" }),
    fine: async () => {
      await addJob("free_user", { completedAt: ago(1_200), archiveState: "kept" });
      await addJob("free_user", { completedAt: ago(1_400), archiveState: "archived" });
      await addJob("premium_user", { completedAt: ago(1_400), archiveState: "kept" });
      await addJob("free_user", { completedAt: ago(1_400), archiveState: "kept", status: "FAILED" });
    },
  },
  {
    kind: "restores",
    // Paid for 400 s ago, what was archived long before.
    late: () =>
      database.db
        .updateTable("outbox")
        .set({ createdAt: ago(400) })
        .where("queue", "=", "restore")
        .execute(),
    fine: async () => {
      await addMessage(ago(200), { queue: "restore", sentAt: ago(199) });
      await addJob("premium_user", { archivedAt: ago(80_000), archiveState: "archived" });
      await addJob("free_user", { archivedAt: ago(80_000), archiveState: "archived" });
    },
  },
  {
    kind: "retrievals",
    late: () =>
      addJob("premium_user", { archiveState: "restoring", restoreAskedAt: ago(9_000), retrievalCheckedAt: ago(400) }),
    fine: () =>
      addJob("premium_user", { archiveState: "restoring", restoreAskedAt: ago(9_000), retrievalCheckedAt: ago(320) }),
  },
  { kind: "deletions", late: () => addDelete(ago(400)), fine: () => addDelete(ago(200)) },
  {
    kind: "renewals",
    late: () => addSubscription({ currentPeriodEnd: ago(400) }),
    fine: async () => {
      await addSubscription({ currentPeriodEnd: ago(200) });
      await addSubscription({ currentPeriodEnd: ago(400), status: "canceled" });
    },
  },
];

describe("work that waits", () => {
  it("has a case here for each kind", () => {
    expect([...new Set(CASES.map(({ kind }) => kind))]).toEqual([...WAITING_KINDS]);
  });

  it.each(CASES)("is told when it is late, with how many and since when: $kind", async ({ kind, late, fine }) => {
    await fine();
    expect(await listWaitingWork(managerDb, CONFIG)).toEqual([]);
    await late();
    expect(await listWaitingWork(managerDb, CONFIG)).toEqual([{ kind, count: 1, since: ago(400).getTime() }]);
  });

  it("is counted, and as old as the oldest of it", async () => {
    await addDelete(ago(500));
    await addDelete(ago(400));
    await addMessage(ago(400));
    expect(await listWaitingWork(managerDb, CONFIG)).toEqual([
      { kind: "messages", count: 1, since: ago(400).getTime() },
      { kind: "deletions", count: 2, since: ago(500).getTime() },
    ]);
  });

  it("is not what a person has to decide about, until it was sent again", async () => {
    const jobId = await addJob("free_user", { completedAt: ago(1_400), notifiedAt: null, archiveState: "kept" });
    const kinds = async () => (await listWaitingWork(managerDb, CONFIG)).map(({ kind }) => kind);
    expect(await kinds()).toEqual(["mails", "archives"]);
    const letter = {
      messageId: "m-1",
      body: JSON.stringify({ version: 1, jobId }),
      outcome: "Set aside.",
      reason: null,
    };
    await putLetter(database.db, { ...letter, queue: "archive" });
    expect(await kinds()).toEqual(["mails"]);
    await database.db
      .updateTable("deadLetters")
      .set({ resolvedAt: ago(0), sentAgainAt: ago(0) })
      .execute();
    expect(await kinds()).toEqual(["mails", "archives"]);
  });

  it("and an archive that is gone, as the sweep of the restores notes it, is a person's too", async () => {
    const jobId = await addJob("premium_user", { archivedAt: ago(80_000), archiveState: "archived" });
    expect(await listWaitingWork(managerDb, CONFIG)).toHaveLength(1);
    await putLetter(database.db, {
      queue: "restore",
      messageId: `restore of job ${jobId}`,
      body: JSON.stringify({ version: 1, userId: users.premium_user }),
      outcome: "Not asked for.",
      reason: null,
    });
    expect(await listWaitingWork(managerDb, CONFIG)).toEqual([]);
  });

  it("is none of a message that was put a moment ago", async () => {
    await putMessage(database.db, "restore", { version: 1, userId: users.premium_user });
    expect(await listWaitingWork(managerDb, CONFIG)).toEqual([]);
  });
});
