import type { Server as HttpServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { sessionIdHash } from "@elastic-gas/shared/accounts/sessions";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import { isPoolName } from "@elastic-gas/shared/resources";
import { pause } from "@elastic-gas/shared/shutdown";
import type { Request, RequestHandler } from "express";
import { Server, type Socket } from "socket.io";
import { z } from "zod";
import type { ChartSnapshot } from "../../model/charts/chart-snapshot.ts";
import { chartsMaxAgeMs } from "../../model/charts/charts-age.ts";
import { isRangeName } from "../../model/charts/range.ts";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import { createPublished, type Published, type Whole } from "../../model/live/versions.ts";
import type { Watcher } from "../../read/watcher.ts";
import {
  type ChartChoice,
  chartRoom,
  EARLIER_LIVE_NAMESPACES,
  LIVE_NAMESPACE,
  type PageToServer,
  type ServerToPage,
} from "./live-events.ts";

export interface LiveDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly watcher: Watcher;
  /** The session middleware of the pages: a connection belongs to the session of its page. */
  readonly session: RequestHandler;
  readonly metricPeriodSeconds: number;
}

export interface Live {
  /**
   * Takes connections of this server and polls while somebody looks; resolves when the signal aborted and all are
   * closed.
   */
  run(server: HttpServer, signal: AbortSignal): Promise<void>;
  signOut(sessionHash: string): void;
  /** Tells every page that this process ends for good. */
  announceStopped(): void;
  /** For tests and metrics. */
  countViewers(): number;
  /** Pages that do not read as fast as they are sent to, and are left out for now. */
  countSlow(): number;
}

interface SocketData {
  session: string;
  userId: number;
  signedInAt: number;
  choice: ChartChoice | null;
}

type LiveServer = Server<PageToServer, ServerToPage, Record<string, never>, SocketData>;
type LiveNamespace = ReturnType<LiveServer["of"]>;
type LiveSocket = Socket<PageToServer, ServerToPage, Record<string, never>, SocketData>;

const FLEET_MS = 2_000;
const IDLE_MS = 500;
const RECHECK_MS = 30_000;
const CHARTS_RETRY_MS = 15_000;
const SLOW_MS = 50;
/** One page is answered at most so often, however often it asks. */
const AGAIN_MS = 100;
/** Pages send a pool's and a range's name. */
const LARGEST_QUESTION_BYTES = 10_000;

const Choice = z.object({ pool: z.string().refine(isPoolName), range: z.string().refine(isRangeName) }).nullable();

/** The live side of the pages. One poll serves all viewers; without a viewer nothing is asked. */
export function createLive({ db, log, watcher, session, metricPeriodSeconds }: LiveDeps): Live {
  let io: LiveServer | undefined;
  const states = {
    fleet: createPublished<FleetSnapshot>(),
    /** Of the rooms that somebody watches. */
    charts: new Map<string, Published<ChartSnapshot>>(),
  };
  /** Sockets that this round leaves out. */
  let slow: string[] = [];

  const accept = (server: HttpServer): LiveServer => {
    const made: LiveServer = new Server(server, {
      serveClient: false,
      transports: ["websocket", "polling"],
      maxHttpBufferSize: LARGEST_QUESTION_BYTES,
    });
    // The default namespace has nothing; without this anybody could hold connections open there.
    made.use((_socket, next) => next(new Error("Sign in first.")));
    // Pages of an earlier program load themselves again when they hear this, and get the present one.
    for (const name of EARLIER_LIVE_NAMESPACES) made.of(name).use((_socket, next) => next(new Error("Sign in first.")));
    made.engine.use(session);
    const live = made.of(LIVE_NAMESPACE);
    live.use((socket, next) => {
      const req = socket.request as Request; // the session middleware above ran on it
      const { userId, signedInAt = 0 } = req.session ?? {};
      if (userId === undefined) return next(new Error("Sign in first."));
      if (!isOwnOrigin(socket.request.headers)) return next(new Error("Connections come from our own pages only."));
      socket.data = { session: sessionIdHash(req.sessionID), userId, signedInAt, choice: null };
      findSignedIn(db, [socket.data]).then(
        (signedIn) => next(signedIn.size > 0 ? undefined : new Error("Only administrators and viewers may look.")),
        () => next(new Error("The database does not answer.")),
      );
    });
    live.on("connection", (socket) => {
      void socket.join(`session ${socket.data.session}`);
      const send = oneAtATime(async () => {
        // A page that asks faster than it reads gets what it reads.
        while (isSlow(socket) && socket.connected) await sleep(SLOW_MS);
        if (!socket.connected) return;
        await publishFleet(live);
        const fleet = states.fleet.whole();
        if (fleet !== undefined) socket.emit("fleet", fleet, Date.now());
        const { choice } = socket.data;
        if (choice === null) return;
        const charts = await publishCharts(live, choice);
        if (charts !== undefined) socket.emit("charts", charts);
      });
      const ignore = (error: unknown): void => log.warn({ err: error }, "live page could not be served");
      socket.on("watch", (asked) => {
        const parsed = Choice.safeParse(asked);
        if (!parsed.success) return;
        if (socket.data.choice !== null) void socket.leave(chartRoom(socket.data.choice));
        socket.data.choice = parsed.data;
        if (parsed.data !== null) void socket.join(chartRoom(parsed.data));
        send().catch(ignore);
      });
      socket.on("refresh", () => void send().catch(ignore));
      send().catch(ignore);
    });
    return made;
  };

  /** Sends everybody what has changed; a broadcast is made into bytes once for all. */
  const publishFleet = async (live: LiveNamespace): Promise<void> => {
    const change = states.fleet.publish(await watcher.fleet());
    if (change !== undefined) live.except(slow).emit("fleetChange", change, Date.now());
  };

  /** The same for those who watch these charts. Returns them whole; undefined when they could not be read. */
  const publishCharts = async (live: LiveNamespace, choice: ChartChoice): Promise<Whole<ChartSnapshot> | undefined> => {
    const room = chartRoom(choice);
    try {
      const maxAgeMs = chartsMaxAgeMs(choice.range, metricPeriodSeconds);
      const snapshot = await watcher.charts(choice.pool, choice.range, maxAgeMs);
      const known = states.charts.get(room) ?? createPublished();
      states.charts.set(room, known);
      const change = known.publish(snapshot);
      if (change !== undefined) live.to(room).except(slow).emit("chartsChange", change);
      return known.whole();
    } catch (error) {
      log.warn({ err: error, ...choice }, "charts could not be read");
      const name = error instanceof Error ? error.name : "unknown error";
      live.to(room).emit("chartsFailed", {
        ...choice,
        sentence: `CloudWatch did not answer (${name}). Values stay as they are.`,
        retryAt: Date.now() + CHARTS_RETRY_MS,
      });
      return undefined;
    }
  };

  const poll = async (live: LiveNamespace): Promise<void> => {
    // Looked at before anything of this round is on its way.
    slow = slowOnes(live);
    await publishFleet(live);
    const choices = new Map<string, ChartChoice>();
    for (const { data } of live.sockets.values()) {
      if (data.choice !== null) choices.set(chartRoom(data.choice), data.choice);
    }
    for (const choice of choices.values()) await publishCharts(live, choice);
    for (const room of states.charts.keys()) if (!choices.has(room)) states.charts.delete(room);
  };

  const dropSignedOut = async (server: LiveServer): Promise<void> => {
    const sockets = [...server.of(LIVE_NAMESPACE).sockets.values()];
    const signedIn = await findSignedIn(
      db,
      sockets.map(({ data }) => data),
    );
    for (const socket of sockets) if (!signedIn.has(socket.data)) socket.disconnect(true);
  };

  return {
    async run(server, signal) {
      const started = accept(server);
      io = started;
      let checkedAt = Date.now();
      while (!signal.aborted) {
        const viewers = started.of(LIVE_NAMESPACE).sockets.size;
        try {
          if (viewers > 0) await poll(started.of(LIVE_NAMESPACE));
          if (Date.now() - checkedAt > RECHECK_MS) {
            checkedAt = Date.now();
            await dropSignedOut(started);
          }
        } catch (error) {
          log.warn({ err: error }, "live pages could not be served");
        }
        await pause(viewers > 0 ? FLEET_MS : IDLE_MS, signal);
      }
      started.disconnectSockets(true);
      await new Promise<void>((resolve) => started.engine.close().once("close", resolve) && resolve());
    },
    signOut: (hash) => io?.of(LIVE_NAMESPACE).in(`session ${hash}`).disconnectSockets(true),
    announceStopped: () => io?.of(LIVE_NAMESPACE).emit("stopped"),
    countViewers: () => io?.of(LIVE_NAMESPACE).sockets.size ?? 0,
    countSlow: () => (io === undefined ? 0 : slowOnes(io.of(LIVE_NAMESPACE)).length),
  };
}

/** Runs `work`; asked again while it runs, it runs once more afterwards, however often it was asked. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running = false;
  let again = false;
  return async () => {
    again = true;
    if (running) return;
    running = true;
    try {
      while (again) {
        again = false;
        await work();
        if (again) await sleep(AGAIN_MS);
      }
    } finally {
      running = false;
    }
  };
}

/**
 * What was sent before has not left yet: the page does not read, or its line is slow. It is left out until it has
 * caught up, rather than kept waiting changes for: by the next one that it gets it sees that it missed some, and asks
 * for the whole.
 */
function isSlow({ conn }: LiveSocket): boolean {
  return !conn.transport.writable;
}

function slowOnes(live: LiveNamespace): string[] {
  const slow: string[] = [];
  for (const socket of live.sockets.values()) if (isSlow(socket)) slow.push(socket.id);
  return slow;
}

/**
 * Those whose session still holds and whose user is an administrator or a viewer with the same password: one query,
 * however many look.
 */
async function findSignedIn(db: Database, all: readonly SocketData[]): Promise<ReadonlySet<SocketData>> {
  if (all.length === 0) return new Set();
  const rows = await db
    .selectFrom("managerSessions as sessions")
    .innerJoin("users", "users.id", "sessions.userId")
    .select(["sessions.idHash", "users.id as userId", "users.passwordChangedAt"])
    .where("sessions.idHash", "in", [...new Set(all.map(({ session }) => session))])
    .where("sessions.expiresAt", ">", new Date())
    .where((eb) => eb.or([eb("users.isAdmin", "=", true), eb("users.isViewer", "=", true)]))
    .execute();
  const sessions = new Map(rows.map((row) => [row.idHash, row]));
  return new Set(
    all.filter(({ session, userId, signedInAt }) => {
      const row = sessions.get(session);
      return row?.userId === userId && row.passwordChangedAt.getTime() <= signedInAt;
    }),
  );
}

/**
 * A page of another site may open a websocket with our cookie; its Origin tells. Scripts without a browser send none.
 */
function isOwnOrigin(headers: { readonly origin?: string | undefined; readonly host?: string | undefined }): boolean {
  if (headers.origin === undefined) return true;
  return URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
}
