import { App, BootstraplessSynthesizer, Tags, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import type { Options, Releases } from "./options.ts";
import { Foundation } from "./stacks/foundation.ts";
import { Service } from "./stacks/service.ts";

export interface Deployment {
  readonly app: App;
  readonly foundation: Foundation;
  readonly service: Service;
}

/** The whole deployment, without account, region or network: CloudFormation fills those in. */
export function makeApp(
  options: Options,
  releases: Releases,
  {
    outdir,
    workerImage,
    keysVersion = "none",
  }: { readonly outdir?: string; readonly workerImage?: string; readonly keysVersion?: string } = {},
): Deployment {
  const app = new App({
    ...(outdir !== undefined && { outdir }),
    analyticsReporting: false,
    treeMetadata: false,
    context: {
      // Access logs by bucket policy rather than by ACL, which new buckets refuse.
      "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": true,
      // Several installations in one account.
      "@aws-cdk/aws-ec2:uniqueImdsv2TemplateName": true,
      "@aws-cdk/core:validateAgainstDefaultRules": true,
    },
    defaultStackSynthesizer: new BootstraplessSynthesizer(),
  });
  Tags.of(app).add("elastic-gas:installation", options.PREFIX);
  const foundation = new Foundation(app, options);
  const service = new Service(app, options, { foundation, releases, workerImage, keysVersion });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, foundation, service };
}
