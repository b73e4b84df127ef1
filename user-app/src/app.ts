import { createRateLimiter } from "@elastic-gas/shared/accounts/rate-limit";
import { findCurrentUser, loadUser, requireAdmin, requireUser } from "@elastic-gas/shared/accounts/sessions";
import { createSignInLimits } from "@elastic-gas/shared/accounts/sign-in";
import { type Config, userAppUrl } from "@elastic-gas/shared/config";
import type { Assets } from "@elastic-gas/shared/web/assets";
import { createBackground } from "@elastic-gas/shared/web/background";
import { bundledFiles, compressPages } from "@elastic-gas/shared/web/compression";
import { csrf } from "@elastic-gas/shared/web/csrf";
import { type ErrorView, errorHandler, notFound } from "@elastic-gas/shared/web/errors";
import { createMetrics, healthRoutes } from "@elastic-gas/shared/web/health";
import { requestId } from "@elastic-gas/shared/web/request-id";
import { securityHeaders } from "@elastic-gas/shared/web/security-headers";
import { refuseWrongMethods } from "@elastic-gas/shared/web/wrong-methods";
import express, { type Express, type Response } from "express";
import { sql } from "kysely";
import { emailConfirmPages } from "./accounts/email-pages.ts";
import { oidcName, oidcPages } from "./accounts/oidc.ts";
import { profilePages } from "./accounts/profile-pages.ts";
import { recoveryPages } from "./accounts/recovery-pages.ts";
import { signInPages } from "./accounts/sign-in-pages.ts";
import { usersElsewhere } from "./accounts/users-elsewhere.ts";
import { annotatePages } from "./annotations/annotate-pages.ts";
import { jobPages } from "./annotations/job-pages.ts";
import { listPages } from "./annotations/list-pages.ts";
import { resultPages } from "./annotations/results/result-pages.ts";
import { annotationApi } from "./api/annotation-api.ts";
import { REGISTER_LIMIT, taApi } from "./api/ta-api.ts";
import { tokenPages } from "./api/token-pages.ts";
import type { FetchFile } from "./fetching/fetch-file.ts";
import type { MaskDetector } from "./masks/detector/mask-detector.ts";
import { maskPages } from "./masks/mask-pages.ts";
import { ownDataPages } from "./own-data/delete-own-account.ts";
import { exportPages } from "./own-data/export-own-data.ts";
import { createStripe } from "./subscription/payments.ts";
import { cancelSubscription, subscriptionPages } from "./subscription/subscription-pages.ts";
import { stripeWebhook } from "./subscription/webhook.ts";
import { browserOrigins } from "./web/browser-origins.ts";
import { refuseUploadsDuringDeletion } from "./web/deletion-pause.ts";
import type { AppParts, Deps } from "./web/deps.ts";
import type { LoadMeter } from "./web/load-meter.ts";
import { createPages } from "./web/pages.ts";
import { type ReadinessChecks, readyRoute } from "./web/readiness.ts";
import type { RequestCounter } from "./web/request-counter.ts";
import { workerSessions } from "./web/session-secret.ts";
import { timeLimit } from "./web/time-limit.ts";
import { errorView } from "./web/views/error.ts";
import { helpView } from "./web/views/help.ts";

export interface UserAppParts extends AppParts {
  readonly assets: Assets;
  readonly requests: RequestCounter;
  readonly load: LoadMeter;
  readonly detector: MaskDetector;
  readonly fetchPhoto: FetchFile;
  readonly fetchVcf: FetchFile;
}

export interface UserApp {
  readonly app: Express;
  /** Waits for what goes on after its answer was sent. */
  settled(): Promise<void>;
}

const requestLimit = ({ API_REQUESTS_PER_MINUTE: points }: Pick<Config, "API_REQUESTS_PER_MINUTE">) => ({
  name: "user-api",
  points,
  perSeconds: 60,
});

/** The balancer is the one proxy in front of a worker. */
const PROXY_HOPS = 1;
const SIGNED_IN_ONLY = ["/annotate", "/annotations", "/masks", "/profile", "/subscribe", "/unsubscribe"];

export function createUserApp(parts: UserAppParts): UserApp {
  const { config, db, log, assets } = parts;
  const now = parts.now ?? (() => new Date());
  const background = createBackground(log);
  const sendPage = createPages({ config, assets, now });
  const deps: Deps = { ...parts, now, sendPage, inBackground: background.start };
  const limits = createSignInLimits(parts.rateLimits, "pages");
  const stripe = createStripe(config);
  const photos = { s3: parts.s3, bucket: parts.resources.buckets.images, prefix: parts.resources.prefix };
  const metrics = createMetrics("user-app");
  const isHttps = userAppUrl(config).startsWith("https:");

  const app = express();
  app.disable("x-powered-by");
  app.set("trust proxy", PROXY_HOPS);

  // First what asks nobody: liveness must not depend on sessions or MySQL.
  app.use(requestId, securityHeaders({ ...browserOrigins(config, parts.resources), isHttps }));
  app.use(metrics.observe, parts.requests.count, parts.load.count, healthRoutes(metrics));
  app.get("/readyz", readyRoute(readiness(parts)));
  app.use(timeLimit(), compressPages());
  app.use("/assets", bundledFiles(assets.folder));
  app.get("/favicon.svg", (_req, res) => res.set("Cache-Control", "public, max-age=86400").type("svg").send(FAVICON));

  app.use(refuseUploadsDuringDeletion(db));
  app.use(
    "/api/v1",
    annotationApi({ ...deps, requestLimit: createRateLimiter(parts.rateLimits, requestLimit(config)) }),
  );
  // Before sessions and body parsers: these authenticate by themselves and read the raw body.
  app.use(
    taApi({
      db,
      photos,
      detector: parts.detector,
      log,
      passwords: parts.passwords,
      limits: createSignInLimits(parts.rateLimits, "api"),
      registerLimit: createRateLimiter(parts.rateLimits, REGISTER_LIMIT),
      registerEnabled: config.API_REGISTER_ENABLED,
    }),
  );
  app.use(stripeWebhook({ ...deps, stripe }));

  app.use(workerSessions({ db, secret: config.SESSION_SECRET, hours: config.SESSION_HOURS, isHttps }), loadUser(db));
  app.use(express.urlencoded({ extended: false, limit: "100kb" }), express.json({ limit: "100kb" }));

  // Before the CSRF check: anonymous forms carry a token that needs no session.
  app.use(signInPages({ ...deps, limits, oidcName: oidcName(config) }), oidcPages(deps));
  app.use(recoveryPages(deps), emailConfirmPages(deps));
  app.get("/help", (_req, res) =>
    sendPage(res, {
      title: "Help",
      content: (page) => helpView({ retentionSeconds: config.FREE_RETENTION_SECONDS }, page),
    }),
  );

  const stopPaying = (userId: number) => cancelSubscription({ ...deps, stripe }, userId);
  const pages = [
    annotatePages({ ...deps, fetchVcf: parts.fetchVcf }),
    listPages(deps),
    resultPages(deps),
    jobPages(deps),
    tokenPages(deps),
    exportPages(deps),
    ownDataPages({ ...deps, limits, cancelSubscription: stopPaying }),
    profilePages({ ...deps, limits }),
    subscriptionPages({ ...deps, stripe }),
    maskPages({ ...deps, photos, detector: parts.detector, fetchPhoto: parts.fetchPhoto }),
  ];
  app.use(refuseWrongMethods(pages));
  // Before the CSRF check: who is not signed in any more is sent to sign in rather than told that the form is old.
  app.use(SIGNED_IN_ONLY, requireUser);
  app.use("/admin", requireAdmin);
  app.use(csrf(), usersElsewhere(deps));
  app.use(...pages);

  app.use(notFound);
  app.use(
    errorHandler({
      log,
      wantsJson,
      // The keys that the API's callers know, and no others; the request's id is in a header.
      sendJson: (res, { status, sentence }) => res.json({ success: false, error: { code: status, message: sentence } }),
      renderPage: (res, view) => sendErrorPage(deps, res, view),
    }),
  );
  return { app, settled: background.settled };
}

/**
 * A worker takes traffic when it can check photos (or knows that it has no model), sign for AWS, and ask the database.
 */
function readiness({ detector, s3, db }: UserAppParts): ReadinessChecks {
  return {
    model: () => detector.settled(),
    credentials: () => s3.config.credentials(),
    database: () => sql`select 1`.execute(db),
  };
}

/** Answers that only scripts read. */
function wantsJson(path: string): boolean {
  return (
    path.startsWith("/api/") ||
    path === "/stripe/webhook" ||
    path === "/annotate/policy" ||
    /\/(state|link)$/.test(path)
  );
}

function sendErrorPage({ sendPage }: Deps, res: Response, view: ErrorView): void {
  const back =
    findCurrentUser(res) === undefined
      ? { href: "/", text: "Home" }
      : { href: "/annotations", text: "Your annotations" };
  sendPage(res, { title: view.sentence, status: view.status, content: (page) => errorView({ ...view, back }, page) });
}

const FAVICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="#3457d5" stroke-width="2" stroke-linejoin="round"><path d="M1.5 13.5h4v-4h4v-4h5"/></svg>';
