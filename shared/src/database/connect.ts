import { CamelCasePlugin, Kysely, MysqlDialect, type MysqlPool } from "kysely";
import { createConnection, createPool, type PoolOptions } from "mysql2";
import { type GuardedPool, guardPool } from "./guarded-pool.ts";
import type { Tables } from "./tables.ts";

export type Database = Kysely<Tables>;

export interface ConnectOptions {
  /** `mysql://user:password@host:port/schema` */
  readonly url: string;
  readonly connectionLimit?: number;
}

/**
 * A pool of connections to MySQL 8 or MariaDB 10.6+, camelCase names, times in UTC. Connects at the first query; a lost
 * connection fails the query that uses it and is replaced for the next, and nobody waits for ever (see
 * guarded-pool.ts). A query never waits for a second connection while it holds one: work inside a transaction uses that
 * transaction, and what has to wait for something else holds none. Close it with `db.destroy()`.
 */
export function connectDatabase({ url, connectionLimit = 8 }: ConnectOptions): Database {
  return new Kysely<Tables>({
    // Kysely uses more of a connection's type than it calls.
    dialect: new MysqlDialect({ pool: createDatabasePool({ url, connectionLimit }) as MysqlPool }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
}

/** The plain pool, for libraries that bring their own queries (the rate limiter). */
export function createDatabasePool({ url, connectionLimit = 8 }: ConnectOptions): GuardedPool {
  const options: PoolOptions = {
    uri: url,
    connectionLimit,
    timezone: "Z",
    charset: "utf8mb4",
    connectTimeout: 5_000,
    enableKeepAlive: true,
    // BIGINT ids stay far below 2^53; sums are decimals and would arrive as text.
    supportBigNumbers: true,
    bigNumberStrings: false,
    decimalNumbers: true,
    typeCast: (field, next) => {
      if (field.type === "TINY" && field.length === 1) {
        const text = field.string();
        return text === null ? null : text === "1";
      }
      // MariaDB keeps JSON as text, but says in the column's extended type that it is JSON.
      if (field.type === "JSON") {
        const text = field.string("utf8");
        return text === null ? null : JSON.parse(text);
      }
      return next();
    },
  };
  const pool = createPool(options);
  pool.on("connection", (connection) => {
    // Comparisons with now() and current_timestamp defaults must be UTC as well; strict mode refuses values that would
    // be cut.
    connection.query("set session time_zone = '+00:00', sql_mode = 'TRADITIONAL,NO_ENGINE_SUBSTITUTION'");
    connection.query("set session transaction isolation level read committed");
  });
  return guardPool(pool, () => createConnection({ uri: url, connectTimeout: 5_000 }));
}

/** The schema that a database address names. */
export function schemaOf(url: string): string {
  const schema = new URL(url).pathname.slice(1);
  if (schema === "") throw new Error("The database address names no schema");
  return decodeURIComponent(schema);
}
