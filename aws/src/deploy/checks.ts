import { POOLS } from "../../../scaling/src/pools.ts";
import { POOL_NAMES } from "../../../shared/src/resources.ts";
import type { Options } from "../options.ts";

/** What is known of the account, or why it is not. */
export type Fact<Value> =
  | { readonly kind: "known"; readonly value: Value }
  | {
      readonly kind: "unknown";
      /** A clause without a full stop. */
      readonly why: string;
    };

export interface Facts {
  readonly account: Fact<{ readonly id: string; readonly arn: string }>;
  /** vCPUs of on-demand standard instances that may run at once. */
  readonly vcpus: Fact<number>;
  /** What a new installation takes one of; none of it where the installation is there. */
  readonly networks: Fact<readonly NetworkFacts[]>;
  /** The machine types of the options that the region offers. */
  readonly instanceTypes: Fact<readonly InstanceTypeFacts[]>;
  readonly certificate: Fact<{ readonly status: string; readonly names: readonly string[] } | null>;
  readonly mail: Fact<{
    readonly isSandbox: boolean;
    readonly perDay: number;
    /** Null: SES does not know the address yet. */
    readonly isSenderConfirmed: boolean | null;
    /** An identity of this address is there, and is not this installation's. */
    readonly isSenderTaken: boolean;
  }>;
  readonly stripe: Fact<StripeFacts | null>;
  readonly platform: { readonly os: string; readonly arch: string };
}

export interface NetworkFacts {
  /** In the plural. */
  readonly what: string;
  readonly used: number;
  readonly most: number;
}

export interface InstanceTypeFacts {
  readonly type: string;
  readonly vcpus: number;
  /** As AWS names them: x86_64, arm64 ... */
  readonly architectures: readonly string[];
}

export interface StripeFacts {
  readonly hasPrice: boolean;
  readonly webhooks: readonly { readonly url: string; readonly isEnabled: boolean }[];
  readonly hasWebhookSecret: boolean;
}

export interface Finding {
  /** `stop`: a deployment would fail or stand open; `note`: it works, with what the sentence says. */
  readonly level: "ok" | "note" | "stop";
  readonly sentence: string;
}

/** Most workers of all pools: web 8, annotator 10, utility 2. */
const MOST_WORKERS = POOL_NAMES.reduce((sum, pool) => sum + POOLS[pool].defaults.max, 0);
/** Of t3.small and the other small types, where AWS does not say. */
const USUAL_VCPUS = 2;
/** Amazon Linux on x86-64: the packages of a release are those of the machine that packs it. */
const PLATFORM = { os: "linux", arch: "x64" };
const ARCHITECTURE = "x86_64";

/** One sentence for each thing that a deployment needs, whether it is there or not. */
export function assess(options: Options, facts: Facts): readonly Finding[] {
  return [
    account(facts.account, options),
    platform(facts.platform),
    // Without an account AWS answers none of these, for the reason that stands above.
    ...(facts.account.kind === "known"
      ? [
          ...machineTypes(facts.instanceTypes, options),
          vcpus(facts, options),
          ...networks(facts.networks, options),
          certificate(facts.certificate, options),
          mail(facts.mail, options),
        ]
      : []),
    stripe(facts.stripe, options),
    dashboard(options),
  ];
}

export function mayDeploy(findings: readonly Finding[]): boolean {
  return findings.every(({ level }) => level !== "stop");
}

function account(fact: Facts["account"], { AWS_REGION, PREFIX }: Options): Finding {
  if (fact.kind === "unknown") return stop(`${fact.why}.`);
  return ok(`Account ${fact.value.id}, region ${AWS_REGION}, prefix ${PREFIX}, as ${fact.value.arn}.`);
}

function platform({ os, arch }: Facts["platform"]): Finding {
  if (os === PLATFORM.os && arch === PLATFORM.arch)
    return ok("This machine packs releases for Amazon Linux on x86-64.");
  return stop(
    `A release is packed with this machine's packages, and ${os} ${arch} is not ${PLATFORM.os} ${PLATFORM.arch}. Deploy from such a machine.`,
  );
}

/** What is wrong with a machine type; nothing where both can be launched. */
function machineTypes(fact: Facts["instanceTypes"], options: Options): readonly Finding[] {
  if (fact.kind === "unknown") return [note(`The instance types could not be looked up (${fact.why}).`)];
  return (["WORKER_INSTANCE_TYPE", "MANAGER_INSTANCE_TYPE"] as const).flatMap((option) => {
    const type = options[option];
    const offered = fact.value.find((each) => each.type === type);
    if (offered === undefined)
      return [
        stop(`${option} is ${type}, which ${options.AWS_REGION} does not offer. Choose another, such as t3.small.`),
      ];
    if (offered.architectures.includes(ARCHITECTURE)) return [];
    return [
      stop(
        `${option} is ${type}, a machine for ${offered.architectures.join(" and ")}. The releases and images are for ${ARCHITECTURE}: choose such a type, for example t3.small.`,
      ),
    ];
  });
}

function vcpus({ vcpus: fact, instanceTypes }: Facts, options: Options): Finding {
  const each = (type: string) =>
    (instanceTypes.kind === "known" && instanceTypes.value.find((offered) => offered.type === type)?.vcpus) ||
    USUAL_VCPUS;
  const wanted = MOST_WORKERS * each(options.WORKER_INSTANCE_TYPE) + each(options.MANAGER_INSTANCE_TYPE);
  if (fact.kind === "unknown")
    return note(
      `The quota of running instances could not be read (${fact.why}): all pools at their maximum need ${wanted} vCPUs.`,
    );
  if (fact.value >= wanted)
    return ok(`${fact.value} vCPUs may run at once; all pools at their maximum need ${wanted}.`);
  return note(
    `${fact.value} vCPUs may run at once, and all pools at their maximum need ${wanted}: beyond that launches fail, and the pools say so. Ask for more in Service Quotas, "Running On-Demand Standard instances".`,
  );
}

function networks(fact: Facts["networks"], { AWS_REGION }: Options): readonly Finding[] {
  if (fact.kind === "unknown")
    return [
      note(
        `The quotas of VPCs and Elastic IP addresses could not be read (${fact.why}): a new installation takes one of each.`,
      ),
    ];
  return fact.value.map(({ what, used, most }) =>
    used < most
      ? ok(`${used} of ${most} ${what} are in use in ${AWS_REGION}; the installation takes one.`)
      : stop(
          `${used} of ${most} ${what} are in use in ${AWS_REGION}, and the installation takes one. Give one up, or ask for more in Service Quotas.`,
        ),
  );
}

function certificate(fact: Facts["certificate"], { DOMAIN_NAME }: Options): Finding {
  if (fact.kind === "unknown")
    return stop(
      `The certificate could not be read: ${fact.why}. It must be in AWS Certificate Manager of the same region.`,
    );
  if (fact.value === null)
    return note(
      "No CERTIFICATE_ARN: the site is plain HTTP, and passwords cross the internet in the clear. Use this only to try it out.",
    );
  const { status, names } = fact.value;
  if (status !== "ISSUED")
    return stop(`The certificate is ${status}, not ISSUED. Add its validation record to the DNS and wait until it is.`);
  const covers = names.some(
    (name) =>
      name === DOMAIN_NAME || (name.startsWith("*.") && DOMAIN_NAME?.slice(DOMAIN_NAME.indexOf(".")) === name.slice(1)),
  );
  return covers
    ? ok(`The certificate is issued for ${DOMAIN_NAME}.`)
    : stop(`The certificate is for ${names.join(", ")}, not for ${DOMAIN_NAME}: browsers would refuse it.`);
}

function mail(fact: Facts["mail"], { MAIL_FROM, PREFIX }: Options): Finding {
  if (/@example\.(com|net|org)$/.test(MAIL_FROM))
    return stop(`MAIL_FROM is ${MAIL_FROM}, which belongs to nobody. Set an address whose mail you can read.`);
  if (fact.kind === "unknown") return note(`What SES allows could not be read (${fact.why}): check that mail is sent.`);
  const { isSandbox, perDay, isSenderConfirmed, isSenderTaken } = fact.value;
  if (isSenderTaken)
    return stop(
      `SES already has the identity ${MAIL_FROM}, and ${PREFIX} needs one of its own. Set another address as MAIL_FROM, or delete that identity if nothing else uses it.`,
    );
  const sender =
    isSenderConfirmed === true
      ? `${MAIL_FROM} is confirmed`
      : `${MAIL_FROM} is not confirmed: follow the link in the message that AWS ${isSenderConfirmed === null ? "sends there after the deployment" : "sent there"}`;
  if (isSandbox)
    return note(
      `SES is in its sandbox: mail reaches confirmed addresses only, ${perDay} a day. ${sender}. Ask for production access in the SES console.`,
    );
  return isSenderConfirmed === true
    ? ok(`SES sends ${perDay} messages a day; ${sender}.`)
    : note(`SES sends ${perDay} messages a day, but ${sender}.`);
}

function stripe(fact: Facts["stripe"], options: Options): Finding {
  if (fact.kind === "unknown")
    return stop(`Stripe gave no answer to STRIPE_SECRET_KEY: ${fact.why}. Check the key and the network.`);
  if (fact.value === null)
    return note("No Stripe keys: nobody can upgrade to Premium, unless an earlier deployment stored some.");
  const { hasPrice, webhooks, hasWebhookSecret } = fact.value;
  if (!hasPrice) return stop("Stripe does not know STRIPE_PRICE_ID. Make a recurring price and set its id.");
  const path = "/stripe/webhook";
  const wanted = options.DOMAIN_NAME === undefined ? path : `https://${options.DOMAIN_NAME}${path}`;
  const webhook = webhooks.find(({ url }) => url.endsWith(wanted));
  if (webhook === undefined || !hasWebhookSecret)
    return note(
      `Stripe has no webhook for ${wanted}, or STRIPE_WEBHOOK_SECRET is empty: payments are taken, and nobody becomes Premium. Once the address answers, create one and deploy again with its secret.`,
    );
  return webhook.isEnabled
    ? ok(`Stripe knows the price and calls ${webhook.url}.`)
    : stop(`Stripe's webhook for ${webhook.url} is disabled. Enable it.`);
}

function dashboard({ ADMIN_CIDR }: Options): Finding {
  return ADMIN_CIDR === "0.0.0.0/0"
    ? note("The dashboard (port 5000) can be reached from everywhere. ADMIN_CIDR narrows it.")
    : ok(`The dashboard (port 5000) can be reached from ${ADMIN_CIDR} alone.`);
}

const ok = (sentence: string): Finding => ({ level: "ok", sentence });
const note = (sentence: string): Finding => ({ level: "note", sentence });
const stop = (sentence: string): Finding => ({ level: "stop", sentence });
