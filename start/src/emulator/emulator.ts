import { CloudWatchClient, GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { GlacierClient } from "@aws-sdk/client-glacier";
import { S3Client } from "@aws-sdk/client-s3";
import { CreateEmailIdentityCommand, SESv2Client } from "@aws-sdk/client-sesv2";
import { SQSClient } from "@aws-sdk/client-sqs";
import { browserOrigins } from "@elastic-gas/local-cloud/bootstrap";
import { ensureBuckets } from "@elastic-gas/local-cloud/bootstrap/buckets";
import { ensureLoadBalancer } from "@elastic-gas/local-cloud/bootstrap/load-balancer";
import { ensureQueues } from "@elastic-gas/local-cloud/bootstrap/queues";
import { ensureVault } from "@elastic-gas/local-cloud/bootstrap/vault";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import type { Config } from "@elastic-gas/shared/config";
import { METRICS } from "@elastic-gas/shared/metrics";
import { resourcesOf } from "@elastic-gas/shared/resources";

const ANSWER_MS = 10_000;

interface Service {
  readonly name: string;
  /** What does not work without it. */
  readonly without: string;
  /** Whether nothing works without it. */
  readonly isNeeded: boolean;
  /** Asks it, and makes what the product needs of it. */
  readonly ensure: () => Promise<unknown>;
}

/**
 * Makes all that the product needs, by the public API of the emulator. Returns a sentence for each service that does
 * not serve. Throws when one is missing without which nothing works.
 */
export async function prepareEmulator(config: Config): Promise<readonly string[]> {
  const endpoint = config.AWS_ENDPOINT_URL ?? "";
  await expectAnswer(endpoint);
  const resources = resourcesOf(config);
  const choices = { requestTimeoutMs: ANSWER_MS, maxAttempts: 2 };
  const s3 = createAwsClient(S3Client, config, choices);
  const sqs = createAwsClient(SQSClient, config, choices);
  const ec2 = createAwsClient(EC2Client, config, choices);
  const elbv2 = createAwsClient(ElasticLoadBalancingV2Client, config, choices);
  const cloudwatch = createAwsClient(CloudWatchClient, config, choices);
  const glacier = createAwsClient(GlacierClient, config, choices);
  const ses = createAwsClient(SESv2Client, config, choices);
  const services: readonly Service[] = [
    {
      name: "S3",
      without: "there is no place for files",
      isNeeded: true,
      ensure: () => ensureBuckets(s3, resources, { region: config.AWS_REGION, origins: browserOrigins(config) }),
    },
    {
      name: "SQS",
      without: "no job reaches an annotator",
      isNeeded: true,
      ensure: () => ensureQueues(sqs, resources, config.VISIBILITY_TIMEOUT_SECONDS),
    },
    {
      name: "EC2 and Elastic Load Balancing",
      without: "there are no pools of workers",
      isNeeded: true,
      ensure: () => ensureLoadBalancer({ ec2, elbv2 }, resources, config),
    },
    {
      name: "CloudWatch",
      without: "the CPU and queue-threshold rules have no data and keep each pool's size",
      isNeeded: false,
      ensure: () => cloudwatch.send(oneMetric(new Date())),
    },
    ...(config.ARCHIVE_DRIVER === "glacier-vault"
      ? [
          {
            name: "Glacier",
            without: "results are not archived; ARCHIVE_DRIVER=s3-glacier archives them in S3",
            isNeeded: false,
            ensure: () => ensureVault(glacier, resources),
          },
        ]
      : []),
    {
      name: "SES",
      without: `mail from ${config.MAIL_FROM} may not be sent`,
      isNeeded: false,
      ensure: () => ensureSender(ses, config.MAIL_FROM),
    },
  ];
  const failures = await Promise.all(
    services.map(async (service) => {
      try {
        await service.ensure();
        return [];
      } catch (error) {
        return [{ ...service, sentence: `${service.name}: ${service.without} (it answered: ${oneLine(error)}).` }];
      }
    }),
  );
  for (const client of [s3, sqs, ec2, elbv2, cloudwatch, glacier, ses]) client.destroy();
  const [needed] = failures.flat().filter(({ isNeeded }) => isNeeded);
  if (needed !== undefined)
    throw new Error(
      `The emulator at ${endpoint} does not serve what the product needs. ${needed.sentence} Take another emulator, or leave AWS_ENDPOINT_URL empty for the embedded local-cloud.`,
    );
  return failures.flat().map(({ sentence }) => sentence);
}

/** What an emulator is not, for the person who started it. */
export function emulatorLines(config: Config, missing: readonly string[]): readonly string[] {
  return [
    `  AWS is the emulator at ${config.AWS_ENDPOINT_URL} (AWS_ENDPOINT_URL); the embedded local-cloud is not started. What an emulator cannot do:`,
    "    - run instances: for each one, its worker's program runs as a process of this machine, without a boot, a limit of its CPU or a role's rights",
    `    - balance load: where it does not listen on port ${config.LB_PORT} itself, requests go to the web workers in turn, without health checks`,
    "    - measure: without CPU and request metrics of its own, the CPU rule keeps the pool's size; by hand, and by the adaptive and request rules, pools grow and shrink",
    "    - play Stripe or show mail: Premium needs Stripe's own test keys (STRIPE_SECRET_KEY), and mails are where the emulator keeps them",
    ...missing.map((sentence) => `  !! ${sentence}`),
    "",
  ];
}

async function expectAnswer(endpoint: string): Promise<void> {
  try {
    // Whatever it answers, somebody is there.
    const response = await fetch(endpoint, { signal: AbortSignal.timeout(ANSWER_MS), redirect: "manual" });
    await response.body?.cancel();
  } catch (error) {
    throw new Error(
      `Nothing answers at ${endpoint} (AWS_ENDPOINT_URL). Start the emulator first, or leave AWS_ENDPOINT_URL empty for the embedded local-cloud.`,
      { cause: error },
    );
  }
}

/** The role of SES's check of the sender: an address that is an identity already stays one. */
async function ensureSender(ses: SESv2Client, from: string): Promise<void> {
  const address = /<([^>]+)>\s*$/.exec(from)?.[1] ?? from;
  try {
    await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: address }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "AlreadyExistsException") throw error;
  }
}

function oneMetric(now: Date): GetMetricDataCommand {
  const { namespace, name } = METRICS.cpuUtilization;
  return new GetMetricDataCommand({
    StartTime: new Date(now.getTime() - 600_000),
    EndTime: now,
    MetricDataQueries: [
      {
        Id: "cpu",
        MetricStat: { Metric: { Namespace: namespace, MetricName: name }, Period: 60, Stat: "Average" },
      },
    ],
  });
}

/** No stack, no page of HTML. */
function oneLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const message = (error.message.split("\n")[0] ?? "").slice(0, 160);
  return message === "" || message === error.name ? error.name : `${error.name}, ${message.replace(/\.$/, "")}`;
}
