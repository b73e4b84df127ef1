import { createHash, createHmac } from "node:crypto";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import session from "express-session";
import { sql } from "kysely";
import type { Database } from "../database/connect.ts";
import { HttpError } from "../web/errors.ts";
import type { SessionTable } from "./account-tables.ts";
import { findUserById, type User } from "./users.ts";

declare module "express-session" {
  interface SessionData {
    userId?: number;
    /** Milliseconds since the epoch; a password changed later ends the session. */
    signedInAt?: number;
    address?: string;
    userAgent?: string;
  }
}

export interface SessionOptions {
  readonly db: Database;
  /** Neither app takes the other's sessions. */
  readonly table: SessionTable;
  readonly secret: string;
  /** One name per app: cookies do not tell ports apart, and both apps may run on one host. */
  readonly cookieName: string;
  /** Without use. */
  readonly hours: number;
  /** The app's address is https: browsers then keep the cookie to this host and to https (`__Host-`). */
  readonly isHttps?: boolean;
}

/** A session ends this long after signing in, however much it is used. */
export const LONGEST_SESSION_MS = 24 * 3_600_000;

/** Rows are written at most this often when nothing but the time changed. */
const TOUCH_SECONDS = 60;

/**
 * Sessions in MySQL, so that any worker serves any user; the table holds hashes of the ids only. What a request wrote
 * into its session is stored before its answer begins.
 */
export function sessions({ db, table, secret, cookieName, hours, isHttps = false }: SessionOptions): RequestHandler {
  const load = session({
    name: cookieNameOf(cookieName, isHttps),
    // A key of its own for each app: a cookie of one is nothing to the other, even where both are given one secret.
    secret: createHmac("sha256", secret).update(`cookies of ${cookieName}`).digest("hex"),
    resave: false,
    saveUninitialized: false,
    rolling: true,
    proxy: true,
    cookie: { httpOnly: true, sameSite: "lax", secure: isHttps || "auto", maxAge: hours * 3_600_000, path: "/" },
    store: new DatabaseSessionStore(db, table),
  });
  return (req, res, next) => {
    const plainEnd = res.end;
    load(req, res, (error?: unknown) => {
      if (error !== undefined) return next(error);
      // The library passes over what is outside the cookie's path: `OPTIONS *`.
      if ((req.session as Request["session"] | undefined) === undefined)
        return next(new HttpError(400, "A request names a path that begins with /."));
      saveBeforeAnswer(req, res, { plainEnd, next });
      next();
    });
  };
}

/**
 * Holds the end of an answer, headers included, until the changed session is stored. express-session sends the headers
 * first, so that a quick browser follows a redirect and reads the session as it was:
 * https://expressjs.com/en/resources/middleware/session.html#sessionsavecallback A session that cannot be stored
 * becomes an error page, where express-session would have to break the connection.
 */
function saveBeforeAnswer(
  req: Request,
  res: Response,
  { plainEnd, next }: { readonly plainEnd: Response["end"]; readonly next: NextFunction },
): void {
  const sessionEnd = res.end;
  const before = contentOf(req);
  const end = (...args: unknown[]): Response => {
    res.end = sessionEnd;
    const content = contentOf(req);
    // Also an anonymous reader's empty session is unchanged, and gets no row.
    if (res.headersSent || content === undefined || content === before) return Reflect.apply(sessionEnd, res, args);
    req.session.save((error: unknown) => {
      if (error === undefined || error === null) {
        Reflect.apply(sessionEnd, res, args);
        return;
      }
      res.end = plainEnd; // the error page does not try it again
      res.removeHeader("Location");
      next(error);
    });
    return res;
  };
  res.end = end as Response["end"]; // passes on whichever of the overloads' arguments came
}

/**
 * What of a session is worth a write; its cookie's time alone is not. Undefined when there is no session, as after
 * `endSession`.
 */
function contentOf(req: Request): string | undefined {
  const present = req.session as Request["session"] | undefined;
  if (present === undefined) return undefined;
  return JSON.stringify(present, (key, value: unknown) => (key === "cookie" ? undefined : value));
}

/** https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes */
export function cookieNameOf(name: string, isHttps: boolean): string {
  return isHttps ? `__Host-${name}` : name;
}

/**
 * Reads the signed-in user, once per request; undefined when anonymous, also when the sign-in is too long ago. Mount
 * after `sessions`.
 */
export function loadUser(db: Database): RequestHandler {
  return async (req, res, next) => {
    const { userId, signedInAt = 0 } = req.session;
    if (userId !== undefined && signedInAt + LONGEST_SESSION_MS > Date.now()) {
      const user = await findUserById(db, userId);
      if (user !== undefined && user.passwordChangedAt.getTime() <= signedInAt) res.locals.user = user;
    }
    next();
  };
}

export function findCurrentUser(res: Response): User | undefined {
  return res.locals.user as User | undefined; // only loadUser writes it
}

/** The signed-in user. Throws 401 when anonymous: routes stand behind `requireUser`. */
export function currentUser(res: Response): User {
  const user = findCurrentUser(res);
  if (user === undefined) throw new HttpError(401, "Sign in first.");
  return user;
}

/**
 * Sends anonymous readers to the sign-in page, which brings them back and says when a form was not taken; below /api/
 * they get a 401.
 */
export const requireUser: RequestHandler = (req, res, next) => {
  if (findCurrentUser(res) !== undefined) {
    next();
    return;
  }
  if (req.originalUrl.startsWith("/api/")) throw new HttpError(401, "Sign in first.");
  const isForm = req.method !== "GET";
  const page = isForm ? pageBefore(req) : req.originalUrl;
  const wanted = new URLSearchParams(page === undefined ? {} : { next: page });
  if (isForm) wanted.set("unsent", "1");
  res.redirect(303, `/login?${wanted}`);
};

/** The page of ours that a form was sent from; undefined when the browser does not say. */
function pageBefore(req: Request): string | undefined {
  const referrer = req.get("referer") ?? "";
  if (!URL.canParse(referrer)) return undefined;
  const { host, pathname, search } = new URL(referrer);
  return host === req.get("host") ? pathname + search : undefined;
}

export const requireAdmin: RequestHandler = (req, res, next) => {
  if (findCurrentUser(res) === undefined) {
    requireUser(req, res, next);
    return;
  }
  if (!currentUser(res).isAdmin) throw new HttpError(403, "Only administrators may do this.");
  next();
};

/** Signs a user in under a new session id, so that an id known before is worth nothing after. */
export function startSession(req: Request, user: Pick<User, "id">): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.regenerate((error: unknown) => {
      if (error) {
        reject(error);
        return;
      }
      req.session.userId = user.id;
      req.session.signedInAt = Date.now();
      req.session.address = req.ip ?? "";
      req.session.userAgent = (req.get("user-agent") ?? "").slice(0, 255);
      req.session.save((saveError: unknown) => {
        if (saveError) reject(saveError);
        else resolve();
      });
    });
  });
}

/** Ends the session for good: the old cookie is refused from now on. */
export function endSession(req: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.destroy((error: unknown) => (error ? reject(error) : resolve()));
  });
}

/** Where to go after signing in: a path of our own, never another site's address. */
export function safeNextPath(next: unknown, otherwise = "/"): string {
  if (typeof next !== "string" || !next.startsWith("/") || next.startsWith("//") || next.includes("\\"))
    return otherwise;
  return URL.canParse(next, "http://here") && new URL(next, "http://here").host === "here" ? next : otherwise;
}

export function sessionIdHash(sessionId: string): string {
  return createHash("sha256").update(sessionId).digest("hex");
}

class DatabaseSessionStore extends session.Store {
  readonly #db: Database;
  readonly #table: SessionTable;
  /** Sessions that have a row, or had one until somebody ended them: a slow request must not bring that back. */
  readonly #stored = new WeakSet<object>();

  constructor(db: Database, table: SessionTable) {
    super();
    this.#db = db;
    this.#table = table;
  }

  override get(id: string, callback: (error: unknown, data?: session.SessionData | null) => void): void {
    this.#db
      .selectFrom(this.#table)
      .select("data")
      .where("idHash", "=", sessionIdHash(id))
      .where("expiresAt", ">", sql<Date>`utc_timestamp(3)`)
      .executeTakeFirst()
      // The column holds what `set` below wrote.
      .then((row) => callback(null, row === undefined ? null : (row.data as unknown as session.SessionData)), callback);
  }

  override createSession(req: Request, data: session.SessionData): ReturnType<session.Store["createSession"]> {
    const loaded = super.createSession(req, data);
    this.#stored.add(loaded);
    return loaded;
  }

  override set(id: string, data: session.SessionData, callback: (error?: unknown) => void = () => {}): void {
    const now = new Date();
    const current = {
      userId: data.userId ?? null,
      data: JSON.stringify(data),
      seenAt: now,
      expiresAt: expiryOf(data, now),
    };
    const idHash = sessionIdHash(id);
    const write = this.#stored.has(data)
      ? this.#db.updateTable(this.#table).set(current).where("idHash", "=", idHash)
      : this.#db.insertInto(this.#table).values({
          ...current,
          idHash,
          address: data.address?.slice(0, 64) ?? null,
          userAgent: data.userAgent?.slice(0, 255) ?? null,
        });
    write
      .execute()
      .then(() => this.#stored.add(data))
      .then(() => callback(), callback);
  }

  override touch(id: string, data: session.SessionData, callback: () => void = () => {}): void {
    const now = new Date();
    this.#db
      .updateTable(this.#table)
      .set({ seenAt: now, expiresAt: expiryOf(data, now) })
      .where("idHash", "=", sessionIdHash(id))
      .where("seenAt", "<", new Date(now.getTime() - TOUCH_SECONDS * 1_000))
      .execute()
      // Not prolonging a session is no reason to fail the request that it belongs to; any argument would count as an
      // error.
      .then(
        () => callback(),
        () => callback(),
      );
  }

  override destroy(id: string, callback: (error?: unknown) => void = () => {}): void {
    this.#db
      .deleteFrom(this.#table)
      .where("idHash", "=", sessionIdHash(id))
      .execute()
      .then(() => callback(), callback);
  }
}

function expiryOf(data: session.SessionData, now: Date): Date {
  return new Date(now.getTime() + (data.cookie.originalMaxAge ?? 3_600_000));
}

/** Removes sessions that are over; any process may call it, now and then. */
export async function deleteExpiredSessions(db: Database, table: SessionTable): Promise<void> {
  await db.deleteFrom(table).where("expiresAt", "<=", sql<Date>`utc_timestamp(3)`).limit(1_000).execute();
}
