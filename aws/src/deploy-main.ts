import { join } from "node:path";
import { parseArgs } from "node:util";
import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { EC2Client } from "@aws-sdk/client-ec2";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { resourcesOf } from "../../shared/src/resources.ts";
import { packRelease, uploadRelease } from "../../start/src/release.ts";
import { ask } from "./deploy/ask.ts";
import { bakeImage } from "./deploy/bake-image.ts";
import { assess, mayDeploy } from "./deploy/checks.ts";
import { gatherFacts, OperatorKeys } from "./deploy/gather-facts.ts";
import { costLines } from "./deploy/prices.ts";
import { readDeployEnvironment } from "./deploy/read-environment.ts";
import { deployStack, findStack, resourceCounts } from "./deploy/stacks.ts";
import { storeKeys } from "./deploy/store-keys.ts";
import { tellFailures } from "./deploy/tell-failures.ts";
import { templatesOf } from "./deploy/templates.ts";
import { makeApp } from "./make-app.ts";
import { readOptions } from "./options.ts";

/**
 * `npm run deploy`: checks, shows, asks, deploys, and prints the addresses. With `--image` workers boot from an image.
 */
tellFailures();
const { values: asked } = parseArgs({ options: { image: { type: "boolean", default: false } } });
const root = join(import.meta.dirname, "../..");
const environment = readDeployEnvironment();
const options = readOptions(environment);
const keys = OperatorKeys.parse(environment);
const region = options.AWS_REGION;

console.log("Checks:");
const findings = assess(options, await gatherFacts({ region }, options, { keys }));
const marks = { ok: "ok", note: "!!", stop: "XX" };
for (const { level, sentence } of findings) console.log(`  ${marks[level]} ${sentence}`);
if (!mayDeploy(findings)) {
  console.error("\nNothing was deployed: the lines with XX say what is missing.");
  process.exit(1);
}

console.log("\nPacking the releases ...");
const worker = await packRelease(root, { withPackages: true });
const manager = await packRelease(root, { kind: "manager", withPackages: true });
for (const [name, { sha256, bytes }] of Object.entries({ worker, manager }))
  console.log(`  ${name.padEnd(8)} ${(bytes.length / 1e6).toFixed(0)} MB, SHA-256 ${sha256}`);
const hashes = { worker: worker.sha256, manager: manager.sha256 };
const templates = templatesOf(makeApp(options, hashes));
const [foundation] = templates;

const cloudFormation = new CloudFormationClient({ region });
for (const stack of templates) {
  if ((await findStack(cloudFormation, stack.name)) === undefined)
    console.log(`\n${stack.name} is new and creates:\n  ${resourceCounts(stack).join("\n  ")}`);
  else console.log(`\n${stack.name} exists; what changes is shown before it does.`);
}
console.log(`\n${costLines(options).join("\n")}\n`);
await insist("Deploy this? Type yes: ");

const approve = async (changes: readonly string[]) => {
  console.log(`  ${changes.join("\n  ")}`);
  return (await ask("Make these changes? Type yes: ")) === "yes";
};
console.log(`\n${foundation.name}: a new database takes 10 to 20 minutes ...`);
const base = await deployStack(cloudFormation, foundation, approve);
const { secrets } = resourcesOf(options);
const keysVersion = await storeKeys(new SecretsManagerClient({ region }), secrets.operator, keys);
console.log("Uploading the releases ...");
const s3 = new S3Client({ region });
for (const release of [worker, manager]) await uploadRelease(s3, base.ReleasesBucket ?? "", release);
const image = asked.image && { workerImage: await bake() };
const [, final] = templatesOf(makeApp(options, hashes, { keysVersion, ...image }));
console.log(`${final.name} ...`);
const { Dashboard } = await deployStack(cloudFormation, final, approve);

console.log(`
  user-app     ${base.UserApp}
  manager      ${Dashboard}   (answers 2 to 3 minutes from now)
  sign in      admin, with what this prints:
               aws secretsmanager get-secret-value --region ${region} --secret-id ${secrets.administrator} --query SecretString --output text
  DNS          ${options.DOMAIN_NAME === undefined ? "no DOMAIN_NAME: the addresses above are the load balancer's" : `point ${options.DOMAIN_NAME} to ${base.BalancerDnsName}`}
  Stripe       a webhook to ${base.UserApp}stripe/webhook; its secret into aws/deploy.env, then deploy again
`);

/** The image that holds the workers' release. */
async function bake(): Promise<string> {
  console.log("Baking the image of workers: a machine unpacks the release and stops, 5 to 10 minutes ...");
  const imageId = await bakeImage({ ec2: new EC2Client({ region }), s3 }, worker, {
    prefix: options.PREFIX,
    bucket: base.ReleasesBucket ?? "",
    subnetId: base.BuilderSubnet ?? "",
    instanceType: options.WORKER_INSTANCE_TYPE,
  });
  console.log(`  ${imageId}`);
  return imageId;
}

async function insist(question: string): Promise<void> {
  if ((await ask(question)) === "yes") return;
  console.log("Nothing was deployed.");
  process.exit(1);
}
