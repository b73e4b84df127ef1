import { connectDatabase, type Database } from "@elastic-gas/shared/database/connect";
import { migrate } from "@elastic-gas/shared/database/migrate";
import { sql } from "kysely";

/** The schema on a test server in which the migrations ran; nobody changes it afterwards. */
const TEMPLATE = "migrated";
const CHARACTERS = "character set utf8mb4 collate utf8mb4_unicode_ci";

interface Content {
  /** Makes the tables, then the views, in whatever schema is in use. */
  readonly statements: readonly string[];
  /** Names of the tables in which the migrations left rows. */
  readonly filled: readonly string[];
}

const contents = new Map<string, Promise<Content>>();

/**
 * Makes the schema, or makes it anew, as the migrations would: tables as they are in the end cost a fifth of all the
 * changes that led to them. `admin` is a connection to the server.
 */
export async function copySchema(
  admin: Database,
  { server, schema }: { server: string; schema: string },
): Promise<void> {
  const { statements, filled } = await contentOf(server);
  await admin.connection().execute(async (one) => {
    const run = (statement: string) => sql.raw(statement).execute(one);
    await run(`create or replace database ${schema} ${CHARACTERS}`);
    await run(`use ${schema}`);
    await run("set foreign_key_checks = 0");
    for (const statement of statements) await run(statement);
    for (const name of filled) await run(`insert into ${name} select * from ${TEMPLATE}.${name}`);
    await run("set foreign_key_checks = 1");
  });
}

/** Read once in a process; after a failure the next asks again. */
function contentOf(server: string): Promise<Content> {
  const content = contents.get(server) ?? readTemplate(server);
  contents.set(server, content);
  content.catch(() => contents.delete(server));
  return content;
}

async function readTemplate(server: string): Promise<Content> {
  const admin = connectDatabase({ url: `${server}/information_schema`, connectionLimit: 1 });
  const db = connectDatabase({ url: `${server}/${TEMPLATE}`, connectionLimit: 1 });
  try {
    await sql.raw(`create database if not exists ${TEMPLATE} ${CHARACTERS}`).execute(admin);
    // Of several processes one migrates, and the others wait for it.
    await migrate(db);
    const tables = await namesOf(db, "BASE TABLE");
    const statements: string[] = [];
    for (const name of [...tables, ...(await namesOf(db, "VIEW"))]) statements.push(await statementOf(db, name));
    const filled: string[] = [];
    for (const name of tables) {
      const { rows } = await sql.raw(`select 1 from ${name} limit 1`).execute(db);
      if (rows.length > 0) filled.push(name);
    }
    return { statements, filled };
  } finally {
    await db.destroy();
    await admin.destroy();
  }
}

async function namesOf(db: Database, type: "BASE TABLE" | "VIEW"): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables
    where table_schema = ${TEMPLATE} and table_type = ${type} order by table_name`.execute(db);
  return rows.map(({ name }) => name);
}

async function statementOf(db: Database, name: string): Promise<string> {
  const { rows } = await sql.raw<Record<string, string>>(`show create table ${name}`).execute(db);
  const statement = Object.values(rows[0] ?? {})[1];
  if (statement === undefined) throw new Error(`MariaDB does not say how ${name} is made.`);
  return statement;
}
