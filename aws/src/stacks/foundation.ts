import { type App, CfnOutput, Stack } from "aws-cdk-lib";
import { SecurityGroup, SubnetType, type Vpc } from "aws-cdk-lib/aws-ec2";
import type { ApplicationLoadBalancer } from "aws-cdk-lib/aws-elasticloadbalancingv2";
import type { DatabaseInstance } from "aws-cdk-lib/aws-rds";
import { EmailIdentity, Identity } from "aws-cdk-lib/aws-ses";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { namesOf, stackNames } from "../names.ts";
import type { Options } from "../options.ts";
import { makeBalancer, makeBalancerGroup } from "./balancer.ts";
import { makeDatabase, makeSecrets } from "./database.ts";
import { makeLogGroups } from "./logs.ts";
import { makeNetwork } from "./network.ts";
import { makeAccessLogs, makeBuckets, makeQueues } from "./storage.ts";

/** What stays when releases come and go: network, data, queues, secrets and the address. */
export class Foundation extends Stack {
  readonly vpc: Vpc;
  readonly balancer: ApplicationLoadBalancer;
  readonly balancerGroup: SecurityGroup;
  readonly database: DatabaseInstance;
  readonly databaseGroup: SecurityGroup;
  readonly deadLetters: readonly Queue[];
  /** Where browsers find user-app, without a slash at the end. */
  readonly publicUrl: string;

  constructor(app: App, options: Options) {
    super(app, stackNames(options).foundation, {
      description: "Elastic GAS: network, data, queues, secrets, load balancer",
    });
    const resources = namesOf(options);
    this.vpc = makeNetwork(this);
    this.balancerGroup = makeBalancerGroup(this, this.vpc, options);
    this.balancer = makeBalancer(this, options, {
      vpc: this.vpc,
      logs: makeAccessLogs(this, "BalancerLogs"),
      resources,
      group: this.balancerGroup,
    });
    const scheme = options.CERTIFICATE_ARN === undefined ? "http" : "https";
    this.publicUrl = `${scheme}://${options.DOMAIN_NAME ?? this.balancer.loadBalancerDnsName}`;
    makeBuckets(this, resources, { logs: makeAccessLogs(this, "BucketLogs"), origin: this.publicUrl });
    this.deadLetters = makeQueues(this, resources);
    makeSecrets(this, resources);
    makeLogGroups(this, options);
    this.databaseGroup = new SecurityGroup(this, "DatabaseGroup", {
      vpc: this.vpc,
      description: "The database: our own machines alone",
      allowAllOutbound: false,
    });
    this.database = makeDatabase(this, options, {
      vpc: this.vpc,
      group: this.databaseGroup,
      secrets: resources.secrets,
    });
    new EmailIdentity(this, "MailSender", { identity: Identity.email(options.MAIL_FROM) });

    new CfnOutput(this, "ReleasesBucket", { value: resources.buckets.releases });
    new CfnOutput(this, "BalancerDnsName", {
      value: this.balancer.loadBalancerDnsName,
      description: "DOMAIN_NAME is to point here, by a CNAME or alias record",
    });
    new CfnOutput(this, "BuilderSubnet", {
      value: this.vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_WITH_EGRESS }).subnetIds[0] ?? "",
      description: "Where npm run deploy -- --image bakes the image of workers",
    });
    new CfnOutput(this, "UserApp", { value: `${this.publicUrl}/` });
  }
}
