import { join } from "node:path";
import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { EC2Client } from "@aws-sdk/client-ec2";
import type { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { GlacierClient } from "@aws-sdk/client-glacier";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SESv2Client } from "@aws-sdk/client-sesv2";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { bearer, tokenScope } from "@elastic-gas/shared/accounts/bearer";
import { createPasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { createRateLimiter, type RateLimitStore } from "@elastic-gas/shared/accounts/rate-limit";
import { createCodeLimits } from "@elastic-gas/shared/accounts/second-step";
import { createSecretBox } from "@elastic-gas/shared/accounts/secret-box";
import { loadUser, requireAdmin, sessions } from "@elastic-gas/shared/accounts/sessions";
import { createSignInLimits } from "@elastic-gas/shared/accounts/sign-in";
import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { readAssets } from "@elastic-gas/shared/web/assets";
import { createBackground } from "@elastic-gas/shared/web/background";
import { bundledFiles, compressPages } from "@elastic-gas/shared/web/compression";
import { csrf } from "@elastic-gas/shared/web/csrf";
import { errorHandler, notFound } from "@elastic-gas/shared/web/errors";
import type { MayReach } from "@elastic-gas/shared/web/guarded-agent";
import { createMetrics, healthRoutes } from "@elastic-gas/shared/web/health";
import { requestId } from "@elastic-gas/shared/web/request-id";
import { securityHeaders } from "@elastic-gas/shared/web/security-headers";
import { refuseWrongMethods } from "@elastic-gas/shared/web/wrong-methods";
import express, { type Express } from "express";
import { sendAccountMails } from "./features/accounts/account-mails.ts";
import { door } from "./features/accounts/door.ts";
import { type Alerting, createAlerting } from "./features/alert-channels/alerting.ts";
import { apiRoutes } from "./features/api/routes.ts";
import { createDeletion, type Deletion } from "./features/delete-all/deletion.ts";
import { LoadTest } from "./features/load-test/load-test.ts";
import { localStatus } from "./features/local-status/local-status.ts";
import { metricsRoutes } from "./features/metrics/metrics-routes.ts";
import { auditPages } from "./pages/accounts/audit-pages.ts";
import { ownAccountPages } from "./pages/accounts/own-account-pages.ts";
import { recoveryPages } from "./pages/accounts/recovery-pages.ts";
import { signInPages } from "./pages/accounts/sign-in-pages.ts";
import { tokenPages } from "./pages/accounts/token-pages.ts";
import { userPages } from "./pages/accounts/user-pages.ts";
import { channelPages } from "./pages/alert-channels/channel-pages.ts";
import { alertPages } from "./pages/alerts/alert-pages.ts";
import { chartPages } from "./pages/charts/chart-pages.ts";
import { decisionPages } from "./pages/decisions/decision-pages.ts";
import { deletePages, PASSWORD_ATTEMPTS } from "./pages/delete-all/delete-pages.ts";
import { errorView } from "./pages/frame/error-view.ts";
import type { PageDeps } from "./pages/frame/page-deps.ts";
import { createPages } from "./pages/frame/send-page.ts";
import { createLive, type Live } from "./pages/live/live-namespace.ts";
import { loadTestPages } from "./pages/load-test/load-test-pages.ts";
import { policyPages } from "./pages/policy/policy-pages.ts";
import { previewRoutes } from "./pages/policy/preview-routes.ts";
import { poolPages } from "./pages/pools/pool-pages.ts";
import { releasePages } from "./pages/releases/release-pages.ts";
import { reportPages } from "./pages/report/report-pages.ts";
import { stopPages } from "./pages/stop/stop-pages.ts";
import { workerPages } from "./pages/workers/worker-pages.ts";
import { Watcher } from "./read/watcher.ts";

export interface AppDeps {
  readonly config: Config;
  readonly db: Database;
  /** The plain pool of the same database, for the sign-in limits. */
  readonly rateLimits: RateLimitStore;
  readonly sessionSecret: string;
  readonly ec2: EC2Client;
  readonly elbv2: ElasticLoadBalancingV2Client;
  readonly cloudwatch: CloudWatchClient;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly glacier: GlacierClient;
  readonly ses: SESv2Client;
  readonly log: Logger;
  readonly now?: () => number;
  /** Opens `/local/status`; nothing does when it is left out. */
  readonly localKey?: string | undefined;
  /** Which addresses alerts may be sent to; the public ones unless a test says otherwise. */
  readonly mayReach?: MayReach;
  /** What Vite built; `manager/dist` unless told otherwise. */
  readonly distFolder?: string;
}

export interface Manager {
  readonly app: Express;
  readonly live: Live;
  readonly watcher: Watcher;
  readonly deletion: Deletion;
  readonly loadTest: LoadTest;
  readonly alerting: Alerting;
  /** Mails the invitations that are due; returns how many went out. */
  readonly sendAccountMails: () => Promise<number>;
  /** Ends when the mails that no answer waited for are sent. */
  readonly settled: () => Promise<void>;
}

const SESSION_COOKIE = "manager_session";

/** The whole dashboard, without a port: `main.ts` and tests serve it. */
export function createManager(deps: AppDeps): Manager {
  const { config, db, rateLimits, log, now = Date.now } = deps;
  const resources = resourcesOf(config);
  const watcher = new Watcher({ ...deps, resources, now });
  const assets = readAssets(deps.distFolder ?? join(import.meta.dirname, "../dist"), "src/dashboard");
  const sendPage = createPages({ config, assets, now });
  const passwords = createPasswordVerifier();
  const session = sessions({
    db,
    table: "managerSessions",
    secret: deps.sessionSecret,
    cookieName: SESSION_COOKIE,
    hours: config.SESSION_HOURS,
  });
  const live = createLive({ db, log, watcher, session, metricPeriodSeconds: config.METRIC_PERIOD_SECONDS });
  const pages: PageDeps = { ...deps, resources, passwords, watcher, sendPage, now };
  const deletion = createDeletion({ ...deps, resources, now });
  const loadTest = new LoadTest(pages);
  const alerting = createAlerting({ ...deps, ...pages });
  const metrics = createMetrics("manager");

  const app = express();
  app.disable("x-powered-by");
  // On AWS nobody but the load balancer reaches this machine.
  if (config.CLOUD === "aws") app.set("trust proxy", 1);
  app.use(requestId, securityHeaders(), metrics.observe, compressPages());
  // Before the session: health checks and bundled files need none.
  app.use(metricsRoutes(pages, metrics), healthRoutes(metrics));
  app.use("/assets", bundledFiles(assets.folder));
  app.get("/favicon.svg", (_req, res) => {
    res.type("image/svg+xml").send(FAVICON);
  });
  app.use(localStatus(pages, deps.localKey));
  app.use(session, loadUser(db));
  app.use("/api", bearer({ db, audience: "manager", now }));
  // The token of a form is in its body, so the bodies are read first.
  app.use(express.urlencoded({ extended: false, limit: "64kb" }), express.json({ limit: "64kb" }));
  const guard = csrf();
  app.use("/api", requireAdmin, (req, res, next) => (tokenScope(res) === undefined ? guard(req, res, next) : next()));
  const limits = createSignInLimits(rateLimits, "manager");
  const box = createSecretBox(config.TOTP_KEY);
  const entrance = signInPages({
    db,
    passwords,
    limits,
    codeLimits: createCodeLimits(rateLimits),
    box,
    sendPage,
    onSignOut: live.signOut,
  });
  const background = createBackground(log);
  const recovery = recoveryPages({ ...pages, rateLimits, background });
  app.use(refuseWrongMethods([entrance, recovery]));
  app.use(["/login", "/logout", "/forgot", "/reset", "/email"], guard);
  const apiLimit = { name: "api", points: config.API_REQUESTS_PER_MINUTE, perSeconds: 60 };
  app.use("/api/v1", apiRoutes(pages, createRateLimiter(rateLimits, apiLimit)));
  app.use(entrance, recovery);
  const signedInPages = [
    poolPages(pages),
    workerPages(pages),
    chartPages(pages),
    decisionPages(pages),
    reportPages(pages),
    previewRoutes(pages),
    policyPages(pages),
    alertPages(pages),
    channelPages({ ...pages, alerting }),
    auditPages(pages),
    tokenPages(pages),
    userPages({ ...deps, ...pages }),
    ownAccountPages({ ...pages, limits, box, rateLimits }),
    releasePages(pages),
    stopPages(pages),
    loadTestPages({ ...pages, loadTest }),
    deletePages({ ...pages, s3: deps.s3, deletion, attempts: createRateLimiter(rateLimits, PASSWORD_ATTEMPTS) }),
  ];
  app.use(refuseWrongMethods(signedInPages));
  // The door first: who is not signed in any more is asked to sign in, rather than told that the form is out of date.
  app.use(door, guard);
  app.use(...signedInPages);
  app.use(notFound);
  app.use(
    errorHandler({
      log,
      renderPage: (res, view) =>
        sendPage(res, {
          title: view.sentence,
          status: view.status,
          content: (context) => errorView(view, context),
        }),
    }),
  );
  return {
    app,
    live,
    watcher,
    deletion,
    loadTest,
    alerting,
    sendAccountMails: () => sendAccountMails({ ...deps, now }),
    settled: background.settled,
  };
}

const FAVICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1.5 13.5h4v-4h4v-4h5" fill="none" stroke="#3457d5" stroke-width="2"/></svg>';
