import { readFileSync } from "node:fs";
import { createTestDatabase } from "@elastic-gas/testing/database";
import { sql } from "kysely";
import { expect, test } from "vitest";

test("docs/database.md names every table with its columns, and no other", async () => {
  const page = readFileSync(new URL("../../../docs/database.md", import.meta.url), "utf8");
  const documented = new Map<string, string[]>();
  for (const [, table = "", , columns = ""] of page.split("\n").map((line) => line.split("|")))
    if (table.startsWith(" `")) documented.set(codes(table)[0] ?? table, codes(columns));
  await using database = await createTestDatabase();
  const { rows } = await sql<{ table: string; column: string }>`
    select table_name as \`table\`, column_name as \`column\`
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_schema = database() and table_type = 'BASE TABLE' order by table_name, ordinal_position`.execute(
    database.db,
  );
  const actual = Map.groupBy(rows, ({ table }) => table);
  expect(documented).toEqual(
    new Map([...actual].map(([table, columns]) => [table, columns.map(({ column }) => column)])),
  );
});

/** What stands in backquotes and may be a name. */
function codes(cell: string): string[] {
  return [...cell.matchAll(/`([a-z0-9_]+)`/g)].map(([, name = ""]) => name);
}
