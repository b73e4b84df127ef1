import { createToken, listTokens, revokeToken, SCOPES, type TokenRow } from "@elastic-gas/shared/accounts/api-tokens";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { expiryOf, hasExpired, TokenLifetime } from "@elastic-gas/shared/accounts/token-lifetime";
import { audit } from "@elastic-gas/shared/audit";
import { cleanLine } from "@elastic-gas/shared/clean-file-name";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import { z } from "zod";
import type { Deps } from "../web/deps.ts";
import { leaveNotice } from "../web/pages.ts";
import { tokensView } from "./views/tokens.ts";

declare module "express-session" {
  interface SessionData {
    /** Shown once, on the next page. */
    newApiToken?: string;
  }
}

/** More than anybody needs; whoever has so many revokes one first. */
const MAX_TOKENS = 50;

const TokenForm = z.object({
  name: z.string().overwrite(cleanLine).min(1, "A name is needed.").max(100, "Name: at most 100 characters."),
  scope: z.enum(SCOPES.user),
  lifetime: TokenLifetime,
});

/** `/profile/tokens`: the reader's own tokens for scripts. Mount behind `requireUser`. */
export function tokenPages({ db, sendPage, now }: Deps): Router {
  const router = Router();

  router.get("/profile/tokens", async (req, res) => {
    const { newApiToken } = req.session;
    delete req.session.newApiToken;
    const tokens = await listTokens(db, { audience: "user", userId: currentUser(res).id });
    sendPage(res, {
      title: "API tokens",
      content: (page) => tokensView({ tokens, newToken: newApiToken }, page),
    });
  });

  router.post("/profile/tokens", async (req, res) => {
    const { id: userId, username } = currentUser(res);
    const { name, scope, lifetime } = TokenForm.parse(req.body ?? {});
    req.session.newApiToken = await db.transaction().execute(async (trx) => {
      // The lock makes those who ask at once come one after the other.
      await trx.selectFrom("users").select("id").where("id", "=", userId).forUpdate().execute();
      const tokens = await listTokens(trx, { audience: "user", userId });
      const works = ({ revokedAt, expiresAt }: TokenRow) => revokedAt === null && !hasExpired(expiresAt, now());
      if (tokens.filter(works).length >= MAX_TOKENS) throw tooManyTokens();
      const expiresAt = expiryOf(lifetime, now());
      return createToken(trx, { audience: "user", userId, name, scope, expiresAt });
    });
    await audit(db, { actor: username, action: "token.create", target: name, detail: scope, address: req.ip });
    res.redirect(303, "/profile/tokens");
  });
  router.all("/profile/tokens", methodNotAllowed("GET", "POST"));

  router.post("/profile/tokens/:id/revoke", async (req, res) => {
    const { id: userId, username } = currentUser(res);
    const id = z.coerce.number().int().positive().safeParse(req.params.id).data ?? 0;
    const name = await revokeToken(db, { id, audience: "user", userId, now: now() });
    if (name === undefined) throw new HttpError(404, "There is no such token.");
    await audit(db, { actor: username, action: "token.revoke", target: name, address: req.ip });
    leaveNotice(req, { tone: "ok", start: `${name} was revoked.`, text: "Calls with it are refused from now on." });
    res.redirect(303, "/profile/tokens");
  });
  router.all("/profile/tokens/:id/revoke", methodNotAllowed("POST"));
  return router;
}

function tooManyTokens(): HttpError {
  return new HttpError(409, `You have ${MAX_TOKENS} tokens.`, {
    remedy: "Revoke one that is not used any more.",
    link: { href: "/profile/tokens", text: "API tokens" },
  });
}
