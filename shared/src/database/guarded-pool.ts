import type { Connection, Pool, PoolConnection } from "mysql2";

/** Why a query got no connection, or lost the one that it had. Its code makes it a 503 that may be tried again. */
class DatabaseUnavailable extends Error {
  override name = "DatabaseUnavailable";
  readonly code = "DATABASE_UNAVAILABLE";
}

type GotConnection = (error: Error | null, connection: PoolConnection) => void;

/** What kysely and the rate limiter need of a pool. */
export interface GuardedPool {
  getConnection(callback: GotConnection): void;
  end(callback?: (error?: unknown) => void): void;
}

/**
 * Limits count turns of the event loop of at least this length: a process that was itself held up does not blame the
 * database.
 */
const TICK_MS = 200;
/** A query that takes longer than this gets the server asked whether it is alive. */
const ASK_AFTER_TICKS = 2;
/** The server has this long to answer anything at all. */
const SILENT_AFTER_TICKS = 5;
/** Longest wait for a connection while the server is alive. */
const WAIT_TICKS = 25;

/**
 * A pool in which nobody waits for ever. Whoever gets no connection within 5 s is told so; and when the server answers
 * not even a ping for a second (it is frozen, or the network swallows everything), all who wait for it are told at
 * once, and so is everybody who comes, until it answers again. A slow query is left alone while the server answers
 * others.
 */
export function guardPool(pool: Pool, openProbe: () => Connection): GuardedPool {
  const held = new Map<PoolConnection, number>();
  const waiting = new Map<GotConnection, number>();
  let probe: Connection | undefined;
  let probeTicks: number | undefined;
  let isSilent = false;
  let timer: NodeJS.Timeout | undefined;

  pool.on("release", (connection: PoolConnection) => held.delete(connection));

  const refuse = (callback: GotConnection, reason: string): void => {
    waiting.delete(callback);
    // Callers look at the error first; mysql2's own pool passes no connection with it either.
    callback(new DatabaseUnavailable(reason), undefined as unknown as PoolConnection);
  };
  const giveUp = (): void => {
    isSilent = true;
    for (const callback of [...waiting.keys()]) refuse(callback, SILENT);
    for (const connection of held.keys()) breakOff(connection);
    held.clear();
  };
  const ask = (): void => {
    probeTicks = 0;
    probe ??= openProbe().on("error", () => {});
    const asked = probe;
    asked.ping((error: unknown) => {
      if (probe !== asked) return;
      probeTicks = undefined;
      if (error === null || error === undefined) {
        isSilent = false;
        return;
      }
      closeProbe();
      // A refusal is an answer, which the queries meet by themselves; only silence goes on being silence.
      if (!isTimeout(error)) isSilent = false;
    });
  };
  const closeProbe = (): void => {
    probe?.destroy();
    probe = undefined;
    probeTicks = undefined;
  };
  const tick = (): void => {
    timer = undefined;
    let oldest = 0;
    for (const [callback, ticks] of waiting) {
      waiting.set(callback, ticks + 1);
      oldest = Math.max(oldest, ticks + 1);
      if (ticks + 1 >= WAIT_TICKS) refuse(callback, NO_CONNECTION);
    }
    for (const [connection, ticks] of held) {
      held.set(connection, ticks + 1);
      oldest = Math.max(oldest, ticks + 1);
    }
    if (probeTicks !== undefined) {
      probeTicks += 1;
      if (probeTicks >= SILENT_AFTER_TICKS && !isSilent) giveUp();
    } else if (isSilent || oldest >= ASK_AFTER_TICKS) {
      ask();
    }
    if (isSilent || held.size > 0 || waiting.size > 0) watch();
    else closeProbe();
  };
  const watch = (): void => {
    timer ??= setTimeout(tick, TICK_MS);
  };

  return {
    getConnection(callback) {
      watch();
      if (isSilent) {
        refuse(callback, SILENT);
        return;
      }
      waiting.set(callback, 0);
      pool.getConnection((error, connection) => {
        if (!waiting.delete(callback)) {
          // It was refused meanwhile.
          connection?.release();
          return;
        }
        if (error === null) held.set(connection, 0);
        callback(error, connection);
      });
    },
    end(callback) {
      clearTimeout(timer);
      closeProbe();
      pool.end(callback);
    },
  };
}

const SILENT = "The database does not answer.";
const NO_CONNECTION = `No database connection became free within ${(WAIT_TICKS * TICK_MS) / 1_000} s.`;

/** Ends a connection together with the query on it; `destroy()` of mysql2 would leave that query without any answer. */
function breakOff(connection: PoolConnection): void {
  const { stream } = connection as unknown as { readonly stream: { destroy(error: Error): void } };
  stream.destroy(new DatabaseUnavailable(SILENT));
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ETIMEDOUT";
}
