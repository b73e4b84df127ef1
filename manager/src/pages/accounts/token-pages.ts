import { createToken, listTokens, revokeToken, SCOPES } from "@elastic-gas/shared/accounts/api-tokens";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { expiryOf, TokenLifetime } from "@elastic-gas/shared/accounts/token-lifetime";
import { audit } from "@elastic-gas/shared/audit";
import { cleanLine } from "@elastic-gas/shared/clean-file-name";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import { z } from "zod";
import { actorOf } from "../../features/requester.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { leaveNotice } from "../frame/send-page.ts";
import { tokensView } from "./tokens-view.ts";

declare module "express-session" {
  interface SessionData {
    /** Shown once, on the next page. */
    newToken?: string;
  }
}

const TokenForm = z.object({
  name: z.string().overwrite(cleanLine).min(1, "A name is needed.").max(100, "At most 100 characters."),
  scope: z.enum(SCOPES.manager),
  lifetime: TokenLifetime,
});

export function tokenPages({ db, watcher, sendPage, now }: PageDeps): Router {
  const router = Router();

  router.get("/tokens", async (req, res) => {
    const { newToken } = req.session;
    delete req.session.newToken;
    const tokens = await listTokens(db, { audience: "manager" });
    sendPage(res, {
      title: "API tokens",
      section: "tokens",
      fleet: await watcher.fleet(),
      content: (context) => tokensView({ tokens, newToken: newToken ?? null }, context),
    });
  });

  router.post("/tokens", async (req, res) => {
    const { name, scope, lifetime } = TokenForm.parse(req.body ?? {});
    const expiresAt = expiryOf(lifetime, new Date(now()));
    const userId = currentUser(res).id;
    req.session.newToken = await createToken(db, { audience: "manager", userId, name, scope, expiresAt });
    await audit(db, { actor: actorOf(res), action: "token.create", target: name, detail: scope, address: req.ip });
    res.redirect(303, "/tokens");
  });

  router.post("/tokens/:id/revoke", async (req, res) => {
    const id = z.coerce.number().int().positive().parse(req.params.id);
    const name = await revokeToken(db, { id, audience: "manager", now: new Date(now()) });
    if (name === undefined) throw new HttpError(404, "There is no such token.");
    await audit(db, { actor: actorOf(res), action: "token.revoke", target: name, address: req.ip });
    leaveNotice(req, { tone: "ok", text: `${name} was revoked. Calls with it are refused from now on.` });
    res.redirect(303, "/tokens");
  });
  router.all("/tokens/:id/revoke", methodNotAllowed("POST"));
  return router;
}
