import { ACMClient, DescribeCertificateCommand } from "@aws-sdk/client-acm";
import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import {
  DescribeAddressesCommand,
  DescribeInstanceTypesCommand,
  EC2Client,
  paginateDescribeVpcs,
} from "@aws-sdk/client-ec2";
import { GetServiceQuotaCommand, ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { GetAccountCommand, GetEmailIdentityCommand, NotFoundException, SESv2Client } from "@aws-sdk/client-sesv2";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { z } from "zod";
import { stackNames } from "../names.ts";
import type { Options } from "../options.ts";
import type { Fact, Facts, InstanceTypeFacts, NetworkFacts, StripeFacts } from "./checks.ts";
import { findStack } from "./stacks.ts";
import { describeFailure } from "./tell-failures.ts";

/** "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", in vCPUs. */
const VCPU_QUOTA = { ServiceCode: "ec2", QuotaCode: "L-1216C47A" };
const VPC_QUOTA = { ServiceCode: "vpc", QuotaCode: "L-F678F1CE" };
const ADDRESS_QUOTA = { ServiceCode: "ec2", QuotaCode: "L-0263D0A3" };
const STRIPE_URL = "https://api.stripe.com";
const STRIPE_TIMEOUT_MS = 10_000;

const Price = z.object({ id: z.string() });
const Webhooks = z.object({ data: z.array(z.object({ url: z.string(), status: z.string() })) });

/** The operator's own secrets. */
export const OperatorKeys = z.object({
  STRIPE_SECRET_KEY: z.string().default(""),
  STRIPE_WEBHOOK_SECRET: z.string().default(""),
  STRIPE_PRICE_ID: z.string().default(""),
});
export type OperatorKeys = z.infer<typeof OperatorKeys>;

export interface ClientSettings {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Asks AWS and Stripe; changes nothing. What cannot be found out is a fact too. */
export async function gatherFacts(
  client: ClientSettings,
  options: Options,
  { keys, stripeUrl = STRIPE_URL }: { readonly keys: OperatorKeys; readonly stripeUrl?: string },
): Promise<Facts> {
  const [account, vcpus, networks, instanceTypes, certificate, mail, stripe] = await Promise.all([
    attempt(async () => {
      const { Account = "", Arn = "" } = await new STSClient(client).send(new GetCallerIdentityCommand({}));
      return { id: Account, arn: Arn };
    }),
    attempt(() => readQuota(client, VCPU_QUOTA)),
    attempt(() => readNetworks(client, options)),
    attempt(() => readInstanceTypes(client, options)),
    attempt(() => readCertificate(client, options.CERTIFICATE_ARN)),
    attempt(() => readMail(client, options)),
    attempt(
      () => readStripe(stripeUrl, keys),
      ({ message }) => message,
    ),
  ]);
  return {
    account,
    vcpus,
    networks,
    instanceTypes,
    certificate,
    mail,
    stripe,
    platform: { os: process.platform, arch: process.arch },
  };
}

async function attempt<Value>(
  ask: () => Promise<Value>,
  describe: (error: Error) => string = describeFailure,
): Promise<Fact<Value>> {
  try {
    return { kind: "known", value: await ask() };
  } catch (error) {
    return { kind: "unknown", why: clauseOf(error instanceof Error ? describe(error) : String(error)) };
  }
}

/** The first line, without a full stop: it becomes a part of a sentence. */
function clauseOf(message: string): string {
  return message.split("\n", 1).join("").replace(/\.$/, "");
}

async function readQuota(
  client: ClientSettings,
  quota: { readonly ServiceCode: string; readonly QuotaCode: string },
): Promise<number> {
  const { Quota } = await new ServiceQuotasClient(client).send(new GetServiceQuotaCommand(quota));
  if (Quota?.Value === undefined) throw new Error("AWS names no value");
  return Quota.Value;
}

async function readNetworks(client: ClientSettings, options: Options): Promise<readonly NetworkFacts[]> {
  if ((await findStack(new CloudFormationClient(client), stackNames(options).foundation)) !== undefined) return [];
  const ec2 = new EC2Client(client);
  let vpcs = 0;
  for await (const { Vpcs = [] } of paginateDescribeVpcs({ client: ec2 }, {})) vpcs += Vpcs.length;
  const { Addresses = [] } = await ec2.send(new DescribeAddressesCommand({}));
  return [
    { what: "VPCs", used: vpcs, most: await readQuota(client, VPC_QUOTA) },
    { what: "Elastic IP addresses", used: Addresses.length, most: await readQuota(client, ADDRESS_QUOTA) },
  ];
}

/** Of the two machine types, those that the region offers. */
async function readInstanceTypes(client: ClientSettings, options: Options): Promise<readonly InstanceTypeFacts[]> {
  // A filter, for a name that AWS does not know makes the parameter of that name an error.
  const Values = [options.WORKER_INSTANCE_TYPE, options.MANAGER_INSTANCE_TYPE];
  const { InstanceTypes = [] } = await new EC2Client(client).send(
    new DescribeInstanceTypesCommand({ Filters: [{ Name: "instance-type", Values }] }),
  );
  return InstanceTypes.map(({ InstanceType = "", VCpuInfo, ProcessorInfo }) => ({
    type: InstanceType,
    vcpus: VCpuInfo?.DefaultVCpus ?? Number.NaN,
    architectures: ProcessorInfo?.SupportedArchitectures ?? [],
  }));
}

async function readCertificate(client: ClientSettings, arn: string | undefined) {
  if (arn === undefined) return null;
  const { Certificate } = await new ACMClient(client).send(new DescribeCertificateCommand({ CertificateArn: arn }));
  const names = [Certificate?.DomainName ?? [], Certificate?.SubjectAlternativeNames ?? []].flat();
  return { status: Certificate?.Status ?? "unknown", names: [...new Set(names)] };
}

async function readMail(client: ClientSettings, options: Options) {
  const ses = new SESv2Client(client);
  const sender = options.MAIL_FROM;
  const { ProductionAccessEnabled = false, SendQuota } = await ses.send(new GetAccountCommand({}));
  const address = await findIdentity(ses, sender);
  const domain = await findIdentity(ses, sender.slice(sender.indexOf("@") + 1));
  return {
    isSandbox: !ProductionAccessEnabled,
    perDay: SendQuota?.Max24HourSend ?? 0,
    isSenderConfirmed: address === null ? domain : address || domain === true,
    isSenderTaken:
      address !== null &&
      (await findStack(new CloudFormationClient(client), stackNames(options).foundation)) === undefined,
  };
}

/** Whether the address or domain is confirmed; null where SES does not know it. */
async function findIdentity(ses: SESv2Client, EmailIdentity: string): Promise<boolean | null> {
  try {
    return (await ses.send(new GetEmailIdentityCommand({ EmailIdentity }))).VerifiedForSendingStatus === true;
  } catch (error) {
    if (error instanceof NotFoundException) return null;
    throw error;
  }
}

async function readStripe(stripeUrl: string, keys: OperatorKeys): Promise<StripeFacts | null> {
  if (keys.STRIPE_SECRET_KEY === "") return null;
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(new URL(path, stripeUrl), {
      headers: { authorization: `Bearer ${keys.STRIPE_SECRET_KEY}` },
      signal: AbortSignal.timeout(STRIPE_TIMEOUT_MS),
    });
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`Stripe answers ${response.status}`);
    return response.json();
  };
  const webhooks = Webhooks.parse(await ask("/v1/webhook_endpoints?limit=100"));
  const hasPrice =
    keys.STRIPE_PRICE_ID !== "" &&
    Price.safeParse(await ask(`/v1/prices/${encodeURIComponent(keys.STRIPE_PRICE_ID)}`)).success;
  return {
    hasPrice,
    webhooks: webhooks.data.map(({ url, status }) => ({ url, isEnabled: status === "enabled" })),
    hasWebhookSecret: keys.STRIPE_WEBHOOK_SECRET !== "",
  };
}
