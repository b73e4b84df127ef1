import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type App, Aws, CfnOutput, Stack } from "aws-cdk-lib";
import {
  AmazonLinuxCpuType,
  type IMachineImage,
  MachineImage,
  OperatingSystemType,
  SubnetType,
  UserData,
} from "aws-cdk-lib/aws-ec2";
import { BOOT_LOG, logAgentSettings, logGroups } from "../log-agent.ts";
import { BUCKET_SUFFIX, DATABASE_PORT, MANAGER_PORT, namesOf, roleStem, stackNames } from "../names.ts";
import type { Options, Releases } from "../options.ts";
import { makeAlarms } from "./alarms.ts";
import { makeManagerListener } from "./balancer.ts";
import type { Foundation } from "./foundation.ts";
import { makeGroups, makeLaunchTemplate, makeManager, makeRoles } from "./machines.ts";

const DATA_DIR = "/var/lib/elastic-gas";
const SCRIPT = join(import.meta.dirname, "../../manager-user-data.sh");

/**
 * What runs: the manager's machine with a release, the roles and groups of workers, alarms. No worker: the autoscaler
 * launches them.
 */
export class Service extends Stack {
  constructor(
    app: App,
    options: Options,
    {
      foundation,
      releases,
      workerImage,
      keysVersion,
    }: {
      readonly foundation: Foundation;
      readonly releases: Releases;
      /** Baked with the release; undefined: workers boot from Amazon Linux. */
      readonly workerImage: string | undefined;
      /** Of the operator's secret: another one is another machine, which reads it. */
      readonly keysVersion: string;
    },
  ) {
    super(app, stackNames(options).service, {
      description: "Elastic GAS: the manager's machine and what workers get",
    });
    const { vpc, balancer } = foundation;
    const groups = makeGroups(this, {
      vpc,
      balancer: foundation.balancerGroup,
      database: foundation.databaseGroup,
      databasePort: DATABASE_PORT,
    });
    const role = makeRoles(this, options);
    const image = MachineImage.latestAmazonLinux2023({ cpuType: AmazonLinuxCpuType.X86_64 });
    const ofWorkers = workerImage === undefined ? image : bakedImage(workerImage);
    const settings = {
      CLOUD: "aws",
      AWS_REGION: Aws.REGION,
      PREFIX: options.PREFIX,
      BUCKET_SUFFIX,
      SECRETS_FROM_AWS: "true",
      RELEASE_SHA256: releases.worker,
      DATA_DIR,
      PUBLIC_HOST: options.DOMAIN_NAME ?? balancer.loadBalancerDnsName,
      PUBLIC_URL: foundation.publicUrl,
      MANAGER_PORT: String(MANAGER_PORT),
      MAIL_FROM: options.MAIL_FROM,
      ARCHIVE_DRIVER: "s3-glacier",
      WORKER_IMAGE_ID: ofWorkers.getImage(this).imageId,
      WORKER_INSTANCE_TYPE: options.WORKER_INSTANCE_TYPE,
      WORKER_INSTANCE_PROFILE: roleStem(options),
      WORKER_LAUNCH_TEMPLATE: makeLaunchTemplate(this, options, ofWorkers),
      WORKER_SUBNET_IDS: vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_WITH_EGRESS }).subnetIds.join(","),
      WORKER_SECURITY_GROUP_IDS: groups.others.securityGroupId,
      WEB_SECURITY_GROUP_IDS: groups.web.securityGroupId,
    };
    const manager = makeManager(this, options, {
      vpc,
      group: groups.manager,
      role,
      image,
      userData: fillScript({
        SETTINGS: Object.entries(settings)
          .map(([name, value]) => `${name}=${value}`)
          .join("\n"),
        REGION: Aws.REGION,
        BUCKET: namesOf(options).buckets.releases,
        SHA256: releases.manager,
        KEYS: keysVersion,
        LOGAGENT: logAgentSettings(logGroups(options).manager, {
          boot: BOOT_LOG,
          manager: `${DATA_DIR}/logs/manager.log`,
          autoscaler: `${DATA_DIR}/logs/autoscaler.log`,
        }),
      }),
    });
    const managers = makeManagerListener(this, options, { balancer, vpc, instanceId: manager.instanceId });
    makeAlarms(this, options, { foundation, manager, managers });

    new CfnOutput(this, "Dashboard", { value: `${foundation.publicUrl}:${MANAGER_PORT}/` });
    new CfnOutput(this, "AdministratorSecret", {
      value: namesOf(options).secrets.administrator,
      description: "aws secretsmanager get-secret-value --query SecretString --output text --secret-id",
    });
  }
}

/** As it is: no lookup, which would need an account. */
function bakedImage(imageId: string): IMachineImage {
  return { getImage: () => ({ imageId, osType: OperatingSystemType.LINUX, userData: UserData.forLinux() }) };
}

/** Replaces `__NAME__`; throws for a name without a value. */
function fillScript(values: Readonly<Record<string, string>>): string {
  return readFileSync(SCRIPT, "utf8").replaceAll(/__([A-Z0-9]+)__/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The script has the unknown placeholder __${name}__.`);
    return value;
  });
}
