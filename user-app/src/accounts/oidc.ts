import { safeNextPath, startSession } from "@elastic-gas/shared/accounts/sessions";
import { createUser, findUserById, type User } from "@elastic-gas/shared/accounts/users";
import { audit, auditRefusal } from "@elastic-gas/shared/audit";
import { type Config, userAppUrl } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import { isDuplicateKey } from "@elastic-gas/shared/database/insert-unless-there";
import { isTransient } from "@elastic-gas/shared/reliability/transient";
import { Username } from "@elastic-gas/shared/username";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import * as oidc from "openid-client";
import { z } from "zod";
import type { Deps } from "../web/deps.ts";
import { leaveNotice } from "../web/pages.ts";

declare module "express-session" {
  interface SessionData {
    /** What the provider's answer must fit; for one sign-in. */
    oidc?: { readonly state: string; readonly nonce: string; readonly verifier: string; readonly next: string };
  }
}

const CALLBACK = "/login/oidc/callback";
const MAX_NAME_TRIES = 100;
/** Of each question to the provider; a sign-in asks up to four. */
const TIMEOUT_SECONDS = 10;

/** The claims that an account is made of; a provider may give any part of them. */
const Claims = z.object({
  sub: z.string().min(1).max(255),
  preferred_username: z.string().optional().catch(undefined),
  name: z.string().max(200).optional().catch(undefined),
  email: z.email().max(254).optional().catch(undefined),
  organization: z.string().max(200).optional().catch(undefined),
});
type Claims = z.infer<typeof Claims>;

/** How the sign-in button is named; undefined without OpenID Connect. */
export function oidcName(config: Pick<Config, "OIDC_ISSUER" | "OIDC_CLIENT_ID">): string | undefined {
  if (config.OIDC_ISSUER === undefined || config.OIDC_CLIENT_ID === undefined) return undefined;
  const { hostname } = new URL(config.OIDC_ISSUER);
  return hostname === "auth.globus.org" ? "Globus" : hostname;
}

/**
 * Sign-in through an OpenID Connect provider (Globus Auth is one): authorization code with PKCE, state and nonce. The
 * first sign-in makes a Free account, keyed on issuer and subject; an existing account with the same name or address is
 * never taken over.
 */
export function oidcPages(deps: Deps): Router {
  const { config, db } = deps;
  const router = Router();
  if (oidcName(config) === undefined) return router;
  const callbackUrl = `${userAppUrl(config)}${CALLBACK}`;
  const discover = rememberSuccess(() => discoverProvider(config));

  router.get("/login/oidc", async (req, res) => {
    const provider = await discover();
    const verifier = oidc.randomPKCECodeVerifier();
    const kept = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier };
    req.session.oidc = { ...kept, next: safeNextPath(req.query.next, "/annotations") };
    const url = oidc.buildAuthorizationUrl(provider, {
      redirect_uri: callbackUrl,
      scope: "openid profile email",
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state: kept.state,
      nonce: kept.nonce,
    });
    res.redirect(303, url.href);
  });
  router.all("/login/oidc", methodNotAllowed("GET"));

  router.get(CALLBACK, async (req, res) => {
    const kept = req.session.oidc;
    delete req.session.oidc;
    const refused = (detail: string) =>
      auditRefusal(db, {
        actor: "nobody",
        action: "session.refused",
        detail: `OpenID Connect: ${detail}`,
        address: req.ip,
      });
    if (kept === undefined || typeof req.query.error === "string") {
      await refused(kept === undefined ? "not asked for by this browser" : "the provider refused");
      leaveNotice(req, {
        tone: "warn",
        start: "You are not signed in.",
        text: "The sign-in was cancelled or took too long.",
      });
      return res.redirect(303, "/");
    }
    const query = req.originalUrl.slice(req.originalUrl.indexOf("?"));
    const provider = await discover();
    const claims = await exchange(provider, new URL(`${callbackUrl}${query}`), kept).catch(async (error: unknown) => {
      if (isTransient(error)) throw providerAway(error);
      await refused("the answer could not be confirmed");
      throw new HttpError(400, "The sign-in could not be confirmed.", {
        remedy: "Nothing was changed. Try to sign in again.",
        link: { href: "/login", text: "Sign in" },
        cause: error,
      });
    });
    const user = await findOrMakeUser(db, config.OIDC_ISSUER ?? "", claims);
    await startSession(req, user);
    await audit(db, { actor: user.username, action: "session.start", detail: "OpenID Connect", address: req.ip });
    return res.redirect(303, kept.next);
  });
  router.all(CALLBACK, methodNotAllowed("GET"));
  return router;
}

async function discoverProvider(config: Config): Promise<oidc.Configuration> {
  const issuer = new URL(config.OIDC_ISSUER ?? "");
  const loopback = issuer.protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(issuer.hostname);
  return oidc.discovery(issuer, config.OIDC_CLIENT_ID ?? "", config.OIDC_CLIENT_SECRET, undefined, {
    timeout: TIMEOUT_SECONDS,
    // A provider on this machine is a test's; any other has to use https.
    execute: loopback ? [oidc.allowInsecureRequests] : [],
  });
}

async function exchange(
  provider: oidc.Configuration,
  url: URL,
  kept: { readonly state: string; readonly nonce: string; readonly verifier: string },
): Promise<Claims> {
  const tokens = await oidc.authorizationCodeGrant(provider, url, {
    pkceCodeVerifier: kept.verifier,
    expectedState: kept.state,
    expectedNonce: kept.nonce,
    idTokenExpected: true,
  });
  return Claims.parse(tokens.claims());
}

function providerAway(cause: unknown): HttpError {
  return new HttpError(503, "The sign-in service does not answer.", { retryAfterSeconds: 10, cause });
}

async function findOrMakeUser(db: Database, issuer: string, claims: Claims): Promise<User> {
  const find = () =>
    db
      .selectFrom("users")
      .select("id")
      .where("oidcIssuer", "=", issuer)
      .where("oidcSubject", "=", claims.sub)
      .executeTakeFirst();
  const known = await find();
  const id = known?.id ?? (await makeUser(db, issuer, claims)) ?? (await find())?.id;
  const user = id === undefined ? undefined : await findUserById(db, id);
  if (user === undefined) throw new HttpError(503, "The account could not be made.", { retryAfterSeconds: 5 });
  return user;
}

/** Takes the first free name: `ada`, `ada-2`, ... Undefined when another request made the account at the same time. */
async function makeUser(db: Database, issuer: string, claims: Claims): Promise<number | undefined> {
  for (let n = 1; n <= MAX_NAME_TRIES; n += 1) {
    const id = await createUser(db, {
      username: n === 1 ? accountName(claims) : `${accountName(claims)}-${n}`,
      passwordHash: null,
      email: claims.email ?? null,
      name: claims.name ?? "",
    });
    if (id === undefined) continue;
    return (await claimSubject(db, id, issuer, claims)) ? id : undefined;
  }
  return undefined;
}

/** False, and the account is gone again, when another one has this subject meanwhile. */
async function claimSubject(db: Database, id: number, issuer: string, claims: Claims): Promise<boolean> {
  try {
    await db
      .updateTable("plainUsers")
      .set({ oidcIssuer: issuer, oidcSubject: claims.sub })
      .where("id", "=", id)
      .execute();
    if (claims.organization !== undefined)
      await db.updateTable("users").set({ institution: claims.organization }).where("id", "=", id).execute();
    return true;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    await db.deleteFrom("plainUsers").where("id", "=", id).execute();
    return false;
  }
}

/** The provider's user name, else the address, else the subject: whatever makes a name here. */
function accountName(claims: Claims): string {
  const candidates = [claims.preferred_username, claims.email, claims.sub].map((name) => name?.trim().slice(0, 90));
  return candidates.find((name) => name !== undefined && Username.safeParse(name).success) ?? "user";
}

/** Asks once and keeps the answer; a failure is not kept, so a provider that was down is asked again. */
function rememberSuccess<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let known: Promise<Value> | undefined;
  return () => {
    known ??= ask().catch((error: unknown) => {
      known = undefined;
      throw providerAway(error);
    });
    return known;
  };
}
