import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Gives a database's statements, each prepared once, at its first use. */
export function preparedStatements(db: DatabaseSync): (text: string) => StatementSync {
  const statements = new Map<string, StatementSync>();
  return (text) => {
    const known = statements.get(text);
    if (known) return known;
    const statement = db.prepare(text);
    statements.set(text, statement);
    return statement;
  };
}
