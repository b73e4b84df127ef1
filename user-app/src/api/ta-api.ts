import { ApiPassword, type PasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import type { RateLimiter } from "@elastic-gas/shared/accounts/rate-limit";
import { type SignInLimits, signIn } from "@elastic-gas/shared/accounts/sign-in";
import { createUser, findUserByUsername } from "@elastic-gas/shared/accounts/users";
import { auditRefusal } from "@elastic-gas/shared/audit";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import { Username } from "@elastic-gas/shared/username";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { MaskDetector } from "../masks/detector/mask-detector.ts";
import type { PhotoBucket } from "../masks/photo-store.ts";
import { detectAndStore } from "../masks/photos.ts";
import { dropRest, readForm } from "../masks/upload/multipart.ts";
import { takePlace } from "../masks/upload/refusals.ts";
import { refuseDuringDeletion } from "../web/deletion-pause.ts";
import { abortWhenSenderLeaves } from "../web/sender-gone.ts";
import { apiErrors, apiMethodNotAllowed } from "./answers.ts";

export interface TaApiDeps {
  readonly db: Database;
  readonly photos: PhotoBucket;
  readonly detector: MaskDetector;
  readonly log: Logger;
  readonly passwords: PasswordVerifier;
  /** Guesses at passwords; the API counts its own. */
  readonly limits: SignInLimits;
  /** New accounts per address; see REGISTER_LIMIT. */
  readonly registerLimit: RateLimiter;
  /** API_REGISTER_ENABLED */
  readonly registerEnabled: boolean;
}

/** All users of a class may share one address, and the course's load generator registers its own. */
export const REGISTER_LIMIT = { name: "register", points: 300, perSeconds: 60 } as const;

const password = z.string("The field password is missing.").pipe(ApiPassword);
const NAME_MISSING = "The field username is missing.";
const NewAccount = z.object({ username: z.string(NAME_MISSING).pipe(Username), password });
const Credentials = z.object({
  // Old accounts keep names that a new one may not have.
  username: z.string(NAME_MISSING).min(1, "A user name is needed.").max(1_000),
  password,
});
type Credentials = z.infer<typeof Credentials>;

/**
 * The course's two endpoints. They sign in by themselves, so mount them before sessions, body parsers and the CSRF
 * check. Every answer is JSON:
 * `{"success":true}`, `{"success":true,"payload":{...}}` or `{"success":false,"error":{"code":...,"message":"..."}}`.
 */
export function taApi(deps: TaApiDeps): Router {
  const router = Router();
  router.post("/api/register", (req, res) => register(deps, req, res));
  router.post("/api/upload", (req, res) => upload(deps, req, res));
  router.all(["/api/register", "/api/upload"], apiMethodNotAllowed("POST"));
  // Every address below /api/ answers in the course's JSON, also one that does not exist.
  router.use("/api", (req) => {
    throw new HttpError(404, `There is nothing at ${(req.originalUrl.split("?")[0] ?? "").slice(0, 200)}.`);
  });
  router.use("/api", apiErrors(deps.log));
  return router;
}

async function register(deps: TaApiDeps, req: Request, res: Response): Promise<void> {
  if (!deps.registerEnabled) {
    dropRest(req);
    throw new HttpError(403, "Registration is switched off. An administrator creates accounts.");
  }
  await using form = await readForm(req);
  const { fields } = form;
  const credentials = readCredentials(NewAccount, fields);
  const wait = await deps.registerLimit.consume(req.ip ?? "unknown");
  if (wait !== undefined) {
    throw new HttpError(429, `Too many accounts were registered from this address. Try again in ${wait} s.`, {
      retryAfterSeconds: wait,
    });
  }
  await createAccount(deps, credentials);
  res.json({ success: true });
}

async function createAccount({ db, passwords }: TaApiDeps, { username, password }: Credentials): Promise<void> {
  const taken = () => new HttpError(409, "This user name is taken.");
  // Asked before as well, because hashing is the expensive part.
  if ((await findUserByUsername(db, username)) !== undefined) throw taken();
  const passwordHash = await passwords.hash(password);
  if ((await createUser(db, { username, passwordHash })) === undefined) throw taken();
}

async function upload(deps: TaApiDeps, req: Request, res: Response): Promise<void> {
  using place = takePlace(deps.detector, req);
  const signal = abortWhenSenderLeaves(res);
  await refuseDuringDeletion(deps.db).catch((error: unknown) => {
    dropRest(req);
    throw error;
  });
  await using form = await readForm(req);
  const { fields, file } = form;
  const credentials = readCredentials(Credentials, fields);
  if (file === undefined) throw new HttpError(400, "The file is missing: send a part named file.");
  const user = await authenticate(deps, credentials, req.ip ?? "unknown");
  const kept = await detectAndStore(deps, {
    userId: user.id,
    fileName: file.fileName,
    bytes: await file.read(),
    place,
    signal,
  });
  res.json({
    success: true,
    payload: { num_faces: kept.faces, num_masked: kept.masked, num_unmasked: kept.unmasked },
  });
}

async function authenticate(
  deps: TaApiDeps,
  credentials: Credentials,
  address: string,
): Promise<{ readonly id: number }> {
  const outcome = await signIn(deps, { ...credentials, address });
  if (outcome.kind !== "ok") {
    await auditRefusal(deps.db, { actor: credentials.username, action: "api.refused", detail: outcome.kind, address });
  }
  switch (outcome.kind) {
    case "ok":
      return outcome.user;
    case "wrong":
      throw new HttpError(401, "The user name or the password is wrong.");
    case "limited":
      throw new HttpError(429, `Too many failed attempts. Try again in ${outcome.retryAfterSeconds} s.`, {
        retryAfterSeconds: outcome.retryAfterSeconds,
      });
  }
}

function readCredentials(schema: z.ZodType<Credentials>, fields: ReadonlyMap<string, string>): Credentials {
  const parsed = schema.safeParse({ username: fields.get("username"), password: fields.get("password") });
  if (parsed.success) return parsed.data;
  // One sentence per field: an empty name breaks two rules.
  const sentences = new Map<PropertyKey | undefined, string>();
  for (const { path, message } of parsed.error.issues.toReversed()) sentences.set(path[0], message);
  throw new HttpError(400, [...sentences.values()].toReversed().join(" "));
}
