import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { GlacierClient } from "@aws-sdk/client-glacier";
import { S3Client } from "@aws-sdk/client-s3";
import { SESv2Client } from "@aws-sdk/client-sesv2";
import { SQSClient } from "@aws-sdk/client-sqs";
import { deleteEndedCredentials } from "@elastic-gas/shared/accounts/ended-credentials";
import { sealSecondFactors } from "@elastic-gas/shared/accounts/second-factor";
import { createSecretBox } from "@elastic-gas/shared/accounts/secret-box";
import { deleteExpiredSessions } from "@elastic-gas/shared/accounts/sessions";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { readConfig } from "@elastic-gas/shared/config";
import { connectDatabase, createDatabasePool, schemaOf } from "@elastic-gas/shared/database/connect";
import { createLogger } from "@elastic-gas/shared/logger";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { pause, runLoop, stopOnSignals } from "@elastic-gas/shared/shutdown";
import { serve } from "@elastic-gas/shared/web/serve";
import { createManager } from "./app.ts";
import { tellOfEndingTokens } from "./features/accounts/ending-tokens.ts";
import { findSessionSecret } from "./features/accounts/session-secret.ts";
import { makeLocalKey } from "./features/local-status/local-key.ts";
import { waitUntilStopped } from "./features/stop/end-when-stopped.ts";

/** Pages get that long to hear that the manager stops. */
const ANNOUNCED_MS = 1_000;
/** Somebody is told of an alert within about so long. */
const ALERTS_LOOK_MS = 10_000;
const DELIVERIES_LOOK_MS = 3_000;
/** An invitation is mailed within about so long; a mail service that is away is asked that often. */
const ACCOUNT_MAILS_LOOK_MS = 5_000;
const SESSION_SWEEP_MS = 600_000;
const CREDENTIAL_SWEEP_MS = 3_600_000;
/** A deletion that nobody works on is taken up again within that time. */
const DELETION_LOOK_MS = 10_000;

const config = readConfig(process.env);
const log = createLogger("manager", config.LOG_LEVEL);
const { signal, abort } = stopOnSignals(log);
const db = connectDatabase({ url: config.DATABASE_URL });
const limitPool = createDatabasePool({ url: config.DATABASE_URL, connectionLimit: 2 });

const sealed = await sealSecondFactors({ db, box: createSecretBox(config.TOTP_KEY) });
if (sealed > 0) log.info({ sealed }, "second factors sealed");

const ec2 = createAwsClient(EC2Client, config);
const manager = createManager({
  config,
  db,
  rateLimits: { pool: limitPool, schema: schemaOf(config.DATABASE_URL) },
  log,
  sessionSecret: await findSessionSecret(db, config.SESSION_SECRET),
  localKey: makeLocalKey(config.DATA_DIR),
  ec2,
  elbv2: createAwsClient(ElasticLoadBalancingV2Client, config),
  cloudwatch: createAwsClient(CloudWatchClient, config),
  s3: createAwsClient(S3Client, config),
  sqs: createAwsClient(SQSClient, config),
  glacier: createAwsClient(GlacierClient, config),
  ses: createAwsClient(SESv2Client, config),
});
// Reachable from outside: the administrators are not on this machine.
const listening = await serve(manager.app, { host: "0.0.0.0", port: config.MANAGER_PORT });
log.info({ port: listening.port }, "manager listens");
const live = manager.live.run(listening.server, signal);
void runLoop({ name: "deletion", intervalMs: DELETION_LOOK_MS, signal, log }, () => manager.deletion.resume());
void runLoop({ name: "alerts", intervalMs: ALERTS_LOOK_MS, signal, log }, () => manager.alerting.look());
void runLoop({ name: "deliveries", intervalMs: DELIVERIES_LOOK_MS, signal, log }, () => manager.alerting.deliver());
void runLoop({ name: "session sweep", intervalMs: SESSION_SWEEP_MS, signal, log }, () =>
  deleteExpiredSessions(db, "managerSessions"),
);
void runLoop({ name: "credential sweep", intervalMs: CREDENTIAL_SWEEP_MS, signal, log }, async () => {
  const deleted = await deleteEndedCredentials(db, new Date());
  if (deleted > 0) log.info({ deleted }, "API tokens and links deleted that ended long ago");
  await tellOfEndingTokens(db, new Date());
});
void runLoop({ name: "account mails", intervalMs: ACCOUNT_MAILS_LOOK_MS, signal, log }, async () => {
  await manager.sendAccountMails();
});

// The stop button: when no worker is left, the pages are told and this process ends with 0, which start.sh takes as the
// end.
const stopDeps = { db, ec2, resources: resourcesOf(config), log, startId: config.START_ID };
if (await waitUntilStopped(stopDeps, signal)) {
  manager.live.announceStopped();
  await pause(ANNOUNCED_MS, signal);
  abort("stopped");
}

await manager.loadTest.close();
await manager.settled();
await live;
await listening.close();
limitPool.end();
await db.destroy();
log.info("manager stopped");
