import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { serve } from "@elastic-gas/shared/web/serve";
import express from "express";

/** A small OpenID provider: discovery, keys, and a token endpoint that checks PKCE and the client's secret. */
export interface OidcProvider extends AsyncDisposable {
  /** Its address; another one when clients reach it through a proxy. */
  issuer: string;
  readonly port: number;
  /** Answers every question for a token by 503. */
  isAway: boolean;
  /** Who signs in next, and what the provider gets wrong. */
  next: { claims: Record<string, unknown>; forge?: Record<string, unknown> };
}

export async function startOidcProvider(): Promise<OidcProvider> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const codes = new Map<string, { challenge: string; nonce: string }>();
  const app = express();
  app.use(express.urlencoded({ extended: false }));
  const provider: OidcProvider = {
    issuer: "",
    port: 0,
    isAway: false,
    next: { claims: {} },
    [Symbol.asyncDispose]: () => listening.close(0),
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  app.get("/.well-known/openid-configuration", (_req, res) => {
    res.json({
      issuer: provider.issuer,
      authorization_endpoint: `${provider.issuer}/authorize`,
      token_endpoint: `${provider.issuer}/token`,
      jwks_uri: `${provider.issuer}/keys`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    });
  });
  app.get("/keys", (_req, res) => {
    res.json({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k", use: "sig", alg: "RS256" }] });
  });
  app.get("/authorize", (req, res) => {
    const code = randomUUID();
    codes.set(code, { challenge: String(req.query.code_challenge), nonce: String(req.query.nonce) });
    const back = new URL(String(req.query.redirect_uri));
    back.searchParams.set("code", code);
    back.searchParams.set("state", String(req.query.state));
    res.redirect(303, back.href);
  });
  app.post("/token", (req, res) => {
    if (provider.isAway) {
      res.sendStatus(503);
      return;
    }
    const body: Record<string, string> = req.body;
    const known = codes.get(body.code ?? "");
    codes.delete(body.code ?? "");
    const challenge = createHash("sha256")
      .update(body.code_verifier ?? "")
      .digest("base64url");
    if (known === undefined || challenge !== known.challenge) {
      res.status(400).json({ error: "invalid_grant" });
      return;
    }
    const now = Math.floor(Date.now() / 1_000);
    const payload = {
      iss: provider.issuer,
      aud: "gas",
      iat: now,
      exp: now + 300,
      nonce: known.nonce,
      ...provider.next.claims,
      ...provider.next.forge,
    };
    const text = `${encode({ alg: "RS256", kid: "k" })}.${encode(payload)}`;
    const signature = sign("sha256", Buffer.from(text), privateKey).toString("base64url");
    res.json({ access_token: "a", token_type: "Bearer", id_token: `${text}.${signature}` });
  });
  const listening = await serve(app, { host: "127.0.0.1", port: 0 });
  return Object.assign(provider, { issuer: `http://127.0.0.1:${listening.port}`, port: listening.port });
}
