import { createLogger } from "@elastic-gas/shared/logger";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { aborted, stopOnSignals } from "@elastic-gas/shared/shutdown";
import { bootstrap } from "./bootstrap.ts";
import { ensureLocalCredentials } from "./credentials.ts";
import { INSTANCE_PATH } from "./ec2/processes/launch.ts";
import { readSettings, rolesOf, stripeSettingsOf } from "./settings.ts";
import { ACCOUNT_ID, startLocalCloud } from "./start-local-cloud.ts";

const DISK_RESERVE_BYTES = 32 * 1024 * 1024;

const settings = readSettings(process.env);
const log = createLogger("local-cloud", settings.LOG_LEVEL);
const { signal } = stopOnSignals(log);
const { AWS_REGION: region, DATA_DIR: dataDir, ELASTIC_GAS_CACHE: cache, ELASTIC_GAS_PROGRAMS: programs } = settings;
const credentials = await ensureLocalCredentials(dataDir);
const cloud = await startLocalCloud({
  dataDir,
  port: settings.LOCAL_CLOUD_PORT,
  publicHost: settings.PUBLIC_HOST,
  log,
  credentials,
  roles: rolesOf(settings, ACCOUNT_ID),
  region,
  diskReserveBytes: DISK_RESERVE_BYTES,
  instanceVcpus: settings.LOCAL_INSTANCE_VCPUS,
  bootSeconds: settings.LOCAL_BOOT_SECONDS,
  addressPrefix: settings.LOCAL_ADDRESS_BLOCK,
  instanceEnvironment: {
    ...(cache === undefined ? {} : { ELASTIC_GAS_CACHE: cache }),
    ...(programs === undefined ? {} : { PATH: `${INSTANCE_PATH}:${programs}` }),
  },
  metricPeriodSeconds: settings.METRIC_PERIOD_SECONDS,
  stripe: stripeSettingsOf(settings),
  prepare: (endpoint) => bootstrap({ endpoint, region, credentials, settings, resources: resourcesOf(settings), log }),
});
await aborted(signal);
await cloud.close();
process.exit(0);
