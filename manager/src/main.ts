import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { readConfig } from "@elastic-gas/shared/config";
import { connectDatabase, createDatabasePool, schemaOf } from "@elastic-gas/shared/database/connect";
import { createLogger } from "@elastic-gas/shared/logger";
import { aborted, stopOnSignals } from "@elastic-gas/shared/shutdown";
import { serve } from "@elastic-gas/shared/web/serve";
import { createManager } from "./app.ts";
import { findSessionSecret } from "./frame/session-secret.ts";

const config = readConfig(process.env);
const log = createLogger("manager", config.LOG_LEVEL);
const { signal } = stopOnSignals(log);
const db = connectDatabase({ url: config.DATABASE_URL });
const limitPool = createDatabasePool({ url: config.DATABASE_URL, connectionLimit: 2 });

const manager = createManager({
  config,
  db,
  rateLimits: { pool: limitPool, schema: schemaOf(config.DATABASE_URL) },
  log,
  sessionSecret: await findSessionSecret(db, config.SESSION_SECRET),
  ec2: createAwsClient(EC2Client, config),
  elbv2: createAwsClient(ElasticLoadBalancingV2Client, config),
  cloudwatch: createAwsClient(CloudWatchClient, config),
});
// Reachable from outside: the administrators are not on this machine.
const listening = await serve(manager.app, { host: "0.0.0.0", port: config.MANAGER_PORT });
log.info({ port: listening.port }, "manager listens");
const live = manager.live.run(listening.server, signal);

await aborted(signal);
await live;
await listening.close();
limitPool.end();
await db.destroy();
log.info("manager stopped");
