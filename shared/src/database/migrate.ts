import { type Kysely, sql } from "kysely";
import * as initial from "./migrations/0001-initial.ts";
import * as workerStates from "./migrations/0002-worker-states.ts";
import * as reliability from "./migrations/0003-reliability.ts";
import * as activityOwners from "./migrations/0004-activity-owners.ts";
import * as poolChecks from "./migrations/0005-pool-checks.ts";
import * as accounts from "./migrations/0006-accounts.ts";
import * as finishedJobs from "./migrations/0007-finished-jobs.ts";
import * as identities from "./migrations/0008-identities.ts";
import * as unbrokenBeats from "./migrations/0009-unbroken-beats.ts";
import * as loadPoints from "./migrations/0010-load-points.ts";
import * as annotationsForScripts from "./migrations/0011-annotations-for-scripts.ts";
import * as historyAndAlerts from "./migrations/0012-history-and-alerts.ts";
import * as sealedSecondFactors from "./migrations/0013-sealed-second-factors.ts";
import * as userMails from "./migrations/0014-user-mails.ts";
import * as invitations from "./migrations/0015-invitations.ts";
import * as releases from "./migrations/0016-releases.ts";
import * as interruptions from "./migrations/0017-interruptions.ts";
import * as accountsApart from "./migrations/0018-accounts-apart.ts";
import * as mailRecipients from "./migrations/0019-mail-recipients.ts";
import * as listIndexes from "./migrations/0020-list-indexes.ts";
import * as runningLogs from "./migrations/0021-running-logs.ts";
import * as tokenExpiry from "./migrations/0022-token-expiry.ts";
import type { Tables } from "./tables.ts";

interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
  /** What SQL cannot work out; may run again as the statements may. */
  readonly fill?: (connection: Kysely<Tables>) => Promise<void>;
}

/** In order; a new one is appended, an old one never edited. */
const MIGRATIONS: readonly Migration[] = [
  { name: "0001-initial", statements: initial.statements },
  { name: "0002-worker-states", statements: workerStates.statements },
  { name: "0003-reliability", statements: reliability.statements },
  { name: "0004-activity-owners", statements: activityOwners.statements },
  { name: "0005-pool-checks", statements: poolChecks.statements },
  { name: "0006-accounts", statements: accounts.statements },
  { name: "0007-finished-jobs", statements: finishedJobs.statements },
  { name: "0008-identities", statements: identities.statements, fill: identities.fill },
  { name: "0009-unbroken-beats", statements: unbrokenBeats.statements },
  { name: "0010-load-points", statements: loadPoints.statements },
  { name: "0011-annotations-for-scripts", statements: annotationsForScripts.statements },
  { name: "0012-history-and-alerts", statements: historyAndAlerts.statements },
  { name: "0013-sealed-second-factors", statements: sealedSecondFactors.statements },
  { name: "0014-user-mails", statements: userMails.statements },
  { name: "0015-invitations", statements: invitations.statements },
  { name: "0016-releases", statements: releases.statements },
  { name: "0017-interruptions", statements: interruptions.statements },
  { name: "0018-accounts-apart", statements: accountsApart.statements },
  { name: "0019-mail-recipients", statements: mailRecipients.statements },
  { name: "0020-list-indexes", statements: listIndexes.statements },
  { name: "0021-running-logs", statements: runningLogs.statements },
  { name: "0022-token-expiry", statements: tokenExpiry.statements },
];

/** Waiting longer than this for another process's migration means that it hangs. */
const LOCK_WAIT_SECONDS = 60;

/**
 * Brings the schema up to date. May run twice and in several processes at once: a named lock lets one work while the
 * others wait, and each statement may be repeated. Returns the names of the migrations that this call ran.
 */
export async function migrate(db: Kysely<Tables>): Promise<readonly string[]> {
  return db.connection().execute(async (connection) => {
    // The lock's name holds the schema's: two installations on one server must not wait for each other.
    const lock = await sql<{ locked: number | null }>`
      select get_lock(concat('elastic-gas-migrate-', database()), ${LOCK_WAIT_SECONDS}) as locked`.execute(connection);
    if (lock.rows[0]?.locked !== 1)
      throw new Error(`Another process has been migrating the database for over ${LOCK_WAIT_SECONDS} s`);
    try {
      return await runMissing(connection);
    } finally {
      await sql`select release_lock(concat('elastic-gas-migrate-', database()))`.execute(connection);
    }
  });
}

async function runMissing(connection: Kysely<Tables>): Promise<readonly string[]> {
  await sql`create table if not exists migrations (
    name varchar(100) not null primary key,
    at datetime(3) not null default current_timestamp(3)
  )`.execute(connection);
  const { rows } = await sql<{ name: string }>`select name from migrations`.execute(connection);
  const done = new Set(rows.map((row) => row.name));
  const ran: string[] = [];
  for (const migration of MIGRATIONS.filter(({ name }) => !done.has(name))) {
    for (const statement of migration.statements) await sql.raw(statement).execute(connection);
    await migration.fill?.(connection);
    await sql`insert into migrations (name) values (${migration.name})`.execute(connection);
    ran.push(migration.name);
  }
  return ran;
}
