import { Duration, RemovalPolicy, SecretValue } from "aws-cdk-lib";
import { InstanceType, type SecurityGroup, SubnetType, type Vpc } from "aws-cdk-lib/aws-ec2";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import {
  Credentials,
  DatabaseInstance,
  DatabaseInstanceEngine,
  MysqlEngineVersion,
  ParameterGroup,
  StorageType,
} from "aws-cdk-lib/aws-rds";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import type { Resources } from "../../../shared/src/resources.ts";
import { accept } from "../answers.ts";
import { DATABASE_PORT } from "../names.ts";
import type { Options } from "../options.ts";

const SCHEMA = "gas";
const BACKUP_DAYS = 7;
const LOGS = ["error", "slowquery"];

export function makeDatabase(
  scope: Construct,
  options: Options,
  { vpc, group, secrets }: { readonly vpc: Vpc; readonly group: SecurityGroup } & Pick<Resources, "secrets">,
): DatabaseInstance {
  const engine = DatabaseInstanceEngine.mysql({ version: MysqlEngineVersion.VER_8_4_9 });
  const instanceIdentifier = `${options.PREFIX}-gas`;
  // RDS would make them itself, without an end, and leave them behind.
  const logs = LOGS.map(
    (kind) =>
      new LogGroup(scope, `DatabaseLog-${kind}`, {
        logGroupName: `/aws/rds/instance/${instanceIdentifier}/${kind}`,
        retention: RetentionDays.ONE_MONTH,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
  );
  const database = new DatabaseInstance(scope, "Database", {
    instanceIdentifier,
    engine,
    parameterGroup: new ParameterGroup(scope, "DatabaseParameters", {
      engine,
      description: "TLS for every connection",
      parameters: { require_secure_transport: "ON" },
    }),
    vpc,
    vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
    securityGroups: [group],
    port: DATABASE_PORT,
    instanceType: new InstanceType(options.DATABASE_INSTANCE_TYPE),
    storageType: StorageType.GP3,
    allocatedStorage: 20,
    maxAllocatedStorage: 200,
    storageEncrypted: true,
    credentials: Credentials.fromGeneratedSecret(SCHEMA, { secretName: secrets.database }),
    databaseName: SCHEMA,
    multiAz: options.DATABASE_MULTI_AZ,
    backupRetention: Duration.days(BACKUP_DAYS),
    deletionProtection: options.DATABASE_PROTECTION,
    removalPolicy: options.DATABASE_PROTECTION ? RemovalPolicy.SNAPSHOT : RemovalPolicy.DESTROY,
    copyTagsToSnapshot: true,
    autoMinorVersionUpgrade: true,
    publiclyAccessible: false,
    cloudwatchLogsExports: LOGS,
  });
  database.node.addDependency(...logs);
  accept(database, {
    SMG4: NO_ROTATION,
    ...(!options.DATABASE_MULTI_AZ && {
      RDS3: "One zone is the small default at half the price; DATABASE_MULTI_AZ=true makes it two.",
    }),
    ...(!options.DATABASE_PROTECTION && { RDS10: "Off only in the deployment that destroys everything." }),
  });
  return database;
}

const NO_ROTATION =
  "Rotation would change the secret under the running parts, which read it when they start; a deployment changes it and starts them again.";

/** What is no setting in a file: the start reads it from here. */
export function makeSecrets(scope: Construct, { secrets }: Resources): void {
  const application = new Secret(scope, "ApplicationSecret", {
    secretName: secrets.application,
    description: "Cookies are signed, and database passwords made, with it",
    generateSecretString: { passwordLength: 64, excludePunctuation: true },
  });
  const administrator = new Secret(scope, "AdministratorSecret", {
    secretName: secrets.administrator,
    description: "First password of the user admin; not read again after the first start",
    generateSecretString: { passwordLength: 24, excludePunctuation: true },
  });
  const operator = new Secret(scope, "OperatorSecret", {
    secretName: secrets.operator,
    description: "Keys that only the operator has, such as STRIPE_SECRET_KEY; JSON",
    // No secret: it says that there are none. `npm run deploy` puts them in.
    secretStringValue: SecretValue.unsafePlainText("{}"),
  });
  for (const secret of [application, administrator, operator]) accept(secret, { SMG4: NO_ROTATION });
}
