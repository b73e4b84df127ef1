import { Tags } from "aws-cdk-lib";
import {
  BlockDeviceVolume,
  CpuCredits,
  EbsDeviceVolumeType,
  type IMachineImage,
  Instance,
  InstanceInitiatedShutdownBehavior,
  InstanceType,
  type ISecurityGroup,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  Port,
  SecurityGroup,
  SubnetType,
  UserData,
  type Vpc,
} from "aws-cdk-lib/aws-ec2";
import {
  CfnInstanceProfile,
  Effect,
  ManagedPolicy,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { instanceProfileName, type Statement } from "../../../shared/src/permissions.ts";
import { POOL_NAMES, TAGS } from "../../../shared/src/resources.ts";
import { accept } from "../answers.ts";
import { MANAGER_PORT, machineRights, roleStem, WORKER_PORT } from "../names.ts";
import type { Options } from "../options.ts";

const DISK_GB = 20;
const ENCRYPTED_DISK = {
  deviceName: "/dev/xvda",
  volume: BlockDeviceVolume.ebs(DISK_GB, {
    encrypted: true,
    volumeType: EbsDeviceVolumeType.GP3,
    deleteOnTermination: true,
  }),
};

export interface Groups {
  readonly manager: SecurityGroup;
  readonly web: SecurityGroup;
  /** Of annotators and utility workers: nobody calls them. */
  readonly others: SecurityGroup;
}

/**
 * Web workers and the manager are reached by the balancer alone, the other workers by nobody, the database by these
 * machines.
 */
export function makeGroups(
  scope: Construct,
  {
    vpc,
    balancer,
    database,
    databasePort,
  }: {
    readonly vpc: Vpc;
    readonly balancer: ISecurityGroup;
    readonly database: ISecurityGroup;
    readonly databasePort: number;
  },
): Groups {
  const group = (id: string, description: string) => new SecurityGroup(scope, id, { vpc, description });
  const groups = {
    manager: group("ManagerGroup", "The manager: from the load balancer alone"),
    web: group("WebGroup", "Web workers: from the load balancer alone"),
    others: group("WorkerGroup", "Annotators and utility workers: from nobody"),
  };
  groups.manager.addIngressRule(balancer, Port.tcp(MANAGER_PORT), "Dashboard");
  groups.web.addIngressRule(balancer, Port.tcp(WORKER_PORT), "User-app");
  // The rule belongs to the stack of these machines.
  for (const each of Object.values(groups)) database.addIngressRule(each, Port.tcp(databasePort), "Our machines", true);
  return groups;
}

/**
 * A role and an instance profile of the same name for the workers of each pool; returns the manager's machine's role.
 */
export function makeRoles(scope: Construct, options: Options): Role {
  const rights = machineRights(options);
  const stem = roleStem(options);
  for (const pool of POOL_NAMES) {
    const name = instanceProfileName(stem, pool);
    const role = makeRole(scope, `Role-${pool}`, { name, statements: rights[pool] });
    new CfnInstanceProfile(scope, `Profile-${pool}`, { instanceProfileName: name, roles: [role.roleName] });
  }
  return makeRole(scope, "Role-manager", {
    name: instanceProfileName(stem, "manager"),
    statements: rights.manager,
  });
}

function makeRole(
  scope: Construct,
  id: string,
  { name, statements }: { readonly name: string; readonly statements: readonly Statement[] },
): Role {
  const role = new Role(scope, id, { roleName: name, assumedBy: new ServicePrincipal("ec2.amazonaws.com") });
  const policy = new ManagedPolicy(scope, `${id}-rights`, {
    roles: [role],
    statements: statements.map(
      ({ actions, resources, whereEquals }) =>
        new PolicyStatement({
          effect: Effect.ALLOW,
          actions: [...actions],
          resources: [...resources],
          ...(whereEquals && { conditions: { StringEquals: whereEquals } }),
        }),
    ),
  });
  const wild = [...new Set(statements.flatMap(({ resources }) => resources))].filter((resource) =>
    resource.includes("*"),
  );
  accept(policy, Object.fromEntries(wild.map((resource) => [`IAM5[Resource::${findingText(resource)}]`, WILD])));
  return role;
}

const WILD =
  "The objects of our own buckets, the streams of our own log groups, secrets with AWS's own ending, and calls for which AWS knows no resource or which a condition limits to our tag.";

/** As cdk-nag writes a resource with CloudFormation's own values in it. */
function findingText(resource: string): string {
  return resource.replaceAll(/\$\{Token\[AWS\.(\w+)\.\d+\]\}/g, "<AWS::$1>");
}

/**
 * What the settings of a launch do not say: an encrypted disk. The first-boot script comes with each launch, for its
 * addresses are signed for an hour.
 */
export function makeLaunchTemplate(scope: Construct, options: Options, image: IMachineImage): string {
  const launchTemplateName = `${options.PREFIX}-gas-worker`;
  const template = new LaunchTemplate(scope, "WorkerTemplate", {
    launchTemplateName,
    machineImage: image,
    instanceType: new InstanceType(options.WORKER_INSTANCE_TYPE),
    requireImdsv2: true,
    httpTokens: LaunchTemplateHttpTokens.REQUIRED,
    httpPutResponseHopLimit: 1,
    detailedMonitoring: true,
    instanceInitiatedShutdownBehavior: InstanceInitiatedShutdownBehavior.TERMINATE,
    cpuCredits: creditsOf(options.WORKER_INSTANCE_TYPE),
    blockDevices: [ENCRYPTED_DISK],
  });
  Tags.of(template).add(TAGS.name, launchTemplateName);
  return launchTemplateName;
}

/**
 * Types with CPU credits go on at full speed when those are spent, whatever the account's own default: CPUUtilization
 * of a throttled worker would stay low under any load. EC2 refuses the word for other types.
 */
function creditsOf(instanceType: string): CpuCredits | undefined {
  return /^t\d/.test(instanceType) ? CpuCredits.UNLIMITED : undefined;
}

/**
 * start.sh as a service. A new release or setting is a new machine: what must last is in the database, S3 and Secrets
 * Manager.
 */
export function makeManager(
  scope: Construct,
  options: Options,
  parts: {
    readonly vpc: Vpc;
    readonly group: SecurityGroup;
    readonly role: Role;
    readonly image: IMachineImage;
    readonly userData: string;
  },
): Instance {
  const manager = new Instance(scope, "Manager", {
    vpc: parts.vpc,
    vpcSubnets: { subnetType: SubnetType.PRIVATE_WITH_EGRESS },
    securityGroup: parts.group,
    role: parts.role,
    machineImage: parts.image,
    instanceType: new InstanceType(options.MANAGER_INSTANCE_TYPE),
    creditSpecification: creditsOf(options.MANAGER_INSTANCE_TYPE),
    requireImdsv2: true,
    detailedMonitoring: true,
    blockDevices: [ENCRYPTED_DISK],
    userData: UserData.custom(parts.userData),
    userDataCausesReplacement: true,
    propagateTagsToVolumeOnCreation: true,
  });
  Tags.of(manager).add(TAGS.name, `${options.PREFIX}-gas-manager`);
  // It may stop itself: the right to is for instances with this tag. Without a pool's tag it is no worker.
  Tags.of(manager).add(TAGS.prefix, options.PREFIX);
  accept(manager, { EC29: "Each deployment replaces it, and it holds nothing that must last." });
  return manager;
}
