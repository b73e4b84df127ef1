import type { ResultSetHeader, RowDataPacket } from "mysql2";
import { RateLimiterMySQL } from "rate-limiter-flexible";
import type { GuardedPool } from "../database/guarded-pool.ts";

interface Row {
  readonly points: number;
  readonly expire: number | null;
}

/** Where the library's limits have their rows. */
export interface LimiterTable {
  readonly pool: GuardedPool;
  readonly schema: string;
  readonly table: string;
}

/**
 * The library's limits on MySQL, with a point taken by one statement: its own store begins a transaction, writes, reads
 * and commits, four questions one after the other.
 */
export class LimiterStore extends RateLimiterMySQL {
  readonly #table: LimiterTable;

  constructor(
    table: LimiterTable,
    limit: { readonly keyPrefix: string; readonly points: number; readonly duration: number },
  ) {
    super({
      ...limit,
      storeClient: table.pool,
      storeType: "pool",
      dbName: table.schema,
      tableName: table.table,
      tableCreated: true, // by our migration
    });
    this.#table = table;
  }

  /**
   * What every store of the library has: adds points to a key's row, or begins it anew when its time is over. The row
   * that it returns has the new number; its end is only looked up when a limit may be passed, for nobody needs it
   * before.
   */
  protected async _upsert(key: string, points: number, milliseconds: number, isForced = false): Promise<[Row]> {
    const { schema, table } = this.#table;
    const now = Date.now();
    const expire = milliseconds > 0 ? now + milliseconds : null;
    const added = isForced ? "?" : "if(expire <= ?, ?, points + ?)";
    const until = isForced ? "?" : "if(expire <= ?, ?, expire)";
    const result = await this.#ask<ResultSetHeader>(
      `insert into ??.?? values (?, last_insert_id(?), ?)
       on duplicate key update points = last_insert_id(${added}), expire = ${until}`,
      [...[schema, table, key, points, expire], ...(isForced ? [points, expire] : [now, points, points, now, expire])],
    );
    const row = { points: result.insertId, expire };
    if (row.points <= this.points) return [row];
    const [found] = await this.#ask<(Row & RowDataPacket)[]>("select points, expire from ??.?? where `key` = ?", [
      schema,
      table,
      key,
    ]);
    return [{ ...row, expire: found?.expire ?? expire }];
  }

  #ask<Result extends ResultSetHeader | RowDataPacket[]>(text: string, values: readonly unknown[]): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#table.pool.getConnection((error, connection) => {
        if (error !== null) {
          reject(error);
          return;
        }
        connection.query<Result>(text, [...values], (failure, result) => {
          connection.release();
          if (failure === null) resolve(result);
          else reject(failure);
        });
      });
    });
  }
}
