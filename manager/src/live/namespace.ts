import type { Server as HttpServer } from "node:http";
import { findUserById } from "@elastic-gas/shared/accounts/users";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import { isPoolName } from "@elastic-gas/shared/resources";
import { pause } from "@elastic-gas/shared/shutdown";
import { sessionIdHash } from "@elastic-gas/shared/web/sessions";
import type { Request, RequestHandler } from "express";
import { Server } from "socket.io";
import { z } from "zod";
import { isRangeName } from "../charts/range.ts";
import { chartsMaxAgeMs } from "./charts-age.ts";
import { type ChartChoice, chartRoom, LIVE_NAMESPACE, type PageToServer, type ServerToPage } from "./events.ts";
import type { Watcher } from "./watcher.ts";

export interface LiveDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly watcher: Watcher;
  /** The session middleware of the pages: a connection belongs to the session of its page. */
  readonly session: RequestHandler;
  readonly metricPeriodSeconds: number;
}

export interface Live {
  /** Takes connections of this server and polls while somebody looks; resolves when the signal aborted and all are closed. */
  run(server: HttpServer, signal: AbortSignal): Promise<void>;
  signOut(sessionHash: string): void;
  /** Tells every page that this process ends for good. */
  announceStopped(): void;
  /** For tests and metrics. */
  countViewers(): number;
}

interface SocketData {
  session: string;
  userId: number;
  signedInAt: number;
  choice: ChartChoice | null;
}

type LiveServer = Server<PageToServer, ServerToPage, Record<string, never>, SocketData>;

const FLEET_MS = 2_000;
const IDLE_MS = 500;
const RECHECK_MS = 30_000;
const CHARTS_RETRY_MS = 15_000;

const Choice = z.object({ pool: z.string().refine(isPoolName), range: z.string().refine(isRangeName) }).nullable();

/** The live side of the pages. One poll serves all viewers; without a viewer nothing is asked. */
export function createLive({ db, log, watcher, session, metricPeriodSeconds }: LiveDeps): Live {
  let io: LiveServer | undefined;

  const isStillSignedIn = async (data: SocketData): Promise<boolean> => {
    const row = await db
      .selectFrom("sessions")
      .select("idHash")
      .where("idHash", "=", data.session)
      .where("expiresAt", ">", new Date())
      .executeTakeFirst();
    const user = row === undefined ? undefined : await findUserById(db, data.userId);
    return user?.isAdmin === true && user.passwordChangedAt.getTime() <= data.signedInAt;
  };

  const accept = (server: HttpServer): LiveServer => {
    const made: LiveServer = new Server(server, { serveClient: false, transports: ["websocket", "polling"] });
    // The default namespace has nothing; without this anybody could hold connections open there.
    made.use((_socket, next) => next(new Error("Sign in first.")));
    made.engine.use(session);
    const live = made.of(LIVE_NAMESPACE);
    live.use((socket, next) => {
      const req = socket.request as Request; // the session middleware above ran on it
      const { userId, signedInAt = 0 } = req.session ?? {};
      if (userId === undefined) return next(new Error("Sign in first."));
      if (!isOwnOrigin(socket.request.headers)) return next(new Error("Connections come from our own pages only."));
      socket.data = { session: sessionIdHash(req.sessionID), userId, signedInAt, choice: null };
      isStillSignedIn(socket.data).then(
        (signedIn) => next(signedIn ? undefined : new Error("Only administrators may do this.")),
        () => next(new Error("The database does not answer.")),
      );
    });
    live.on("connection", (socket) => {
      void socket.join(`session ${socket.data.session}`);
      const send = async (): Promise<void> => {
        socket.emit("fleet", await watcher.fleet());
        const { choice } = socket.data;
        if (choice !== null) await sendCharts(choice, (snapshot) => socket.emit("charts", snapshot));
      };
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

  const sendCharts = async (
    choice: ChartChoice,
    emit: (snapshot: Parameters<ServerToPage["charts"]>[0]) => void,
  ): Promise<void> => {
    try {
      emit(await watcher.charts(choice.pool, choice.range, chartsMaxAgeMs(choice.range, metricPeriodSeconds)));
    } catch (error) {
      log.warn({ err: error, ...choice }, "charts could not be read");
      const name = error instanceof Error ? error.name : "unknown error";
      io?.of(LIVE_NAMESPACE)
        .to(chartRoom(choice))
        .emit("chartsFailed", {
          ...choice,
          sentence: `CloudWatch did not answer (${name}). Values stay as they are.`,
          retryAt: Date.now() + CHARTS_RETRY_MS,
        });
    }
  };

  const poll = async (server: LiveServer): Promise<void> => {
    const live = server.of(LIVE_NAMESPACE);
    live.volatile.emit("fleet", await watcher.fleet());
    const choices = new Map<string, ChartChoice>();
    for (const socket of live.sockets.values()) {
      if (socket.data.choice !== null) choices.set(chartRoom(socket.data.choice), socket.data.choice);
    }
    for (const [room, choice] of choices) {
      await sendCharts(choice, (snapshot) => {
        if (sentAt.get(room) === snapshot.at) return;
        sentAt.set(room, snapshot.at);
        live.to(room).emit("charts", snapshot);
      });
    }
    for (const room of sentAt.keys()) if (!choices.has(room)) sentAt.delete(room);
  };
  const sentAt = new Map<string, number>();

  const dropSignedOut = async (server: LiveServer): Promise<void> => {
    for (const socket of server.of(LIVE_NAMESPACE).sockets.values()) {
      if (!(await isStillSignedIn(socket.data))) socket.disconnect(true);
    }
  };

  return {
    async run(server, signal) {
      const started = accept(server);
      io = started;
      let checkedAt = Date.now();
      while (!signal.aborted) {
        const viewers = started.of(LIVE_NAMESPACE).sockets.size;
        try {
          if (viewers > 0) await poll(started);
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
  };
}

/** A page of another site may open a websocket with our cookie; its Origin tells. Scripts without a browser send none. */
function isOwnOrigin(headers: { readonly origin?: string | undefined; readonly host?: string | undefined }): boolean {
  if (headers.origin === undefined) return true;
  return URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
}
