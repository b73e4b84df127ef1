import { readFileSync } from "node:fs";
import { createTestDatabase } from "@elastic-gas/testing/database";
import { type Kysely, sql } from "kysely";
import { expect, it } from "vitest";
import { schemaFigure, type Table } from "./schema-figure.ts";
import type { Tables } from "./tables.ts";

const page = readFileSync(new URL("../../../docs/database.md", import.meta.url), "utf8");

/** Sections of the page with their tables, in its order. */
const sections = page
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    name: section.split("\n", 1)[0] ?? "",
    tables: [...section.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, table = ""]) => table),
  }))
  .filter(({ tables }) => tables.length > 0);

it("draws what the migrations make: `npm run docs:schema` after a new one", async () => {
  await using database = await createTestDatabase();
  const tables = await readTables(database.db);
  expect(sections.length).toBeGreaterThan(2);
  for (const { name, tables: named } of sections) {
    const drawn = named.map((table) => ({ name: table, columns: tables.get(table) ?? [] }));
    expect(drawn.filter(({ columns }) => columns.length === 0)).toEqual([]);
    const file = `schema-${name.toLowerCase().replaceAll(" ", "-")}.svg`;
    expect(page).toContain(`(images/${file})`);
    await expect(schemaFigure(`Tables: ${name}`, drawn)).toMatchFileSnapshot(`../../../docs/images/${file}`);
  }
});

async function readTables(db: Kysely<Tables>): Promise<ReadonlyMap<string, Table["columns"]>> {
  const { rows: columns } = await sql<{ t: string; name: string; type: string; nullable: string; c: string }>`
    select table_name as t, column_name as name, column_type as type, is_nullable as nullable, column_key as c
    from information_schema.columns where table_schema = database() order by table_name, ordinal_position`.execute(db);
  const { rows: keys } = await sql<{ t: string; name: string; other: string }>`
    select table_name as t, column_name as name, referenced_table_name as other
    from information_schema.key_column_usage
    where table_schema = database() and referenced_table_name is not null`.execute(db);
  const refers = new Map(keys.map(({ t, name, other }) => [`${t}.${name}`, other]));
  return new Map(
    [...Map.groupBy(columns, ({ t }) => t)].map(([table, own]) => [
      table,
      own.map(({ name, type, nullable, c }) => ({
        name,
        type: typeInWords(type),
        isNullable: nullable === "YES",
        isKey: c === "PRI",
        isUnique: c === "UNI",
        refersTo: refers.get(`${table}.${name}`),
      })),
    ]),
  );
}

/** The same for MariaDB and MySQL; lists of allowed words stand in the page's table. */
function typeInWords(type: string): string {
  if (type === "tinyint(1)") return "boolean";
  return type.replace(/^enum\(.*\)$/, "enum").replace(/int\(\d+\)/, "int");
}
