/**
 * Statements that add the columns which a table does not have yet, so that they may run twice. MariaDB knows `add
 * column if not exists`, MySQL does not. They must run on one connection, for a user variable carries the statement.
 */
export function addColumns(table: string, columns: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(columns).flatMap(([column, definition]) => [
    `set @ddl = if(
       (select count(*) from information_schema.columns
        where table_schema = database() and table_name = '${table}' and column_name = '${column}') = 0,
       'alter table ${table} add column ${column} ${definition}',
       'do 0')`,
    "prepare ddl from @ddl",
    "execute ddl",
    "deallocate prepare ddl",
  ]);
}

/** Statements that add the indexes which a table does not have yet; as `addColumns`. */
export function addIndexes(table: string, indexes: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(indexes).flatMap(([index, columns]) => [
    `set @ddl = if(
       (select count(*) from information_schema.statistics
        where table_schema = database() and table_name = '${table}' and index_name = '${index}') = 0,
       'alter table ${table} add index ${index} (${columns})',
       'do 0')`,
    "prepare ddl from @ddl",
    "execute ddl",
    "deallocate prepare ddl",
  ]);
}

/** The same for an index, by its name. */
export function addIndex(table: string, name: string, columns: string): readonly string[] {
  return createIndex("index", { table, name, columns });
}

export function addUniqueIndex(table: string, name: string, columns: string): readonly string[] {
  return createIndex("unique index", { table, name, columns });
}

function createIndex(
  kind: "index" | "unique index",
  { table, name, columns }: { readonly table: string; readonly name: string; readonly columns: string },
): readonly string[] {
  return [
    `set @ddl = if(
       (select count(*) from information_schema.statistics
        where table_schema = database() and table_name = '${table}' and index_name = '${name}') = 0,
       'create ${kind} ${name} on ${table} (${columns})',
       'do 0')`,
    "prepare ddl from @ddl",
    "execute ddl",
    "deallocate prepare ddl",
  ];
}
