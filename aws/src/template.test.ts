import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Match, Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it } from "vitest";
import { logAgentStatement, permissionsOf, ROLES, type Role } from "../../shared/src/permissions.ts";
import { MAX_RECEIVE_COUNT, POOL_NAMES, QUEUE_KEYS, resourcesOf } from "../../shared/src/resources.ts";
import { ALARMS, SECRETS } from "./deploy/prices.ts";
import { templatesOf } from "./deploy/templates.ts";
import { makeApp } from "./make-app.ts";
import { type Options, readOptions } from "./options.ts";

const RELEASES = { worker: "a".repeat(64), manager: "b".repeat(64) };
const CERTIFICATE = {
  CERTIFICATE_ARN: "arn:aws:acm:us-east-1:123456789012:certificate/0000",
  DOMAIN_NAME: "gas.example.org",
};
/** What CloudFormation takes as a text in a request; more would need a bucket of its own. */
const TEMPLATE_BYTES = 51_200;
const USER_DATA_BYTES = 16_384;
const RESOURCES = resourcesOf({ PREFIX: "prod", BUCKET_SUFFIX: "-{AccountId}-{Region}" });

interface Templates {
  readonly foundation: Template;
  readonly service: Template;
  readonly all: Record<string, { Type: string; Properties: Record<string, unknown> }>;
}

/** Throws when cdk-nag or CloudFormation's own rules have a finding that nothing answers. */
function synthesize(environment: Record<string, string> = {}): Templates {
  const deployment = makeApp(readOptions(environment), RELEASES);
  const { foundation, service } = deployment;
  expect(templatesOf(deployment).map(({ name }) => name)).toEqual([foundation.stackName, service.stackName]);
  const templates = { foundation: Template.fromStack(foundation), service: Template.fromStack(service) };
  const resources = [templates.foundation, templates.service].flatMap((each) =>
    Object.entries(each.toJSON().Resources),
  );
  return { ...templates, all: Object.fromEntries(resources) as Templates["all"] };
}

let plain: Templates;
let secure: Templates;
beforeAll(() => {
  plain = synthesize();
  secure = synthesize(CERTIFICATE);
});

const ofType = ({ all }: Templates, type: string) =>
  Object.values(all)
    .filter((resource) => resource.Type === type)
    .map(({ Properties }) => Properties);

/** A value as CloudFormation makes it, with `{AccountId}` and `{Region}` for what it fills in. */
function text(value: unknown): string {
  if (typeof value === "string") return value;
  const { Ref, "Fn::Join": join, ...rest } = Object(value);
  if (join !== undefined) return join[1].map(text).join(join[0]);
  if (typeof Ref === "string") return Ref.startsWith("AWS::") ? `{${Ref.slice(5)}}` : `{${Ref}}`;
  return JSON.stringify(rest);
}

describe("the deployment", () => {
  it("has no finding of cdk-nag's AWS Solutions, in every shape that the options give it", () => {
    const shapes: readonly Record<string, string>[] = [
      { DATABASE_MULTI_AZ: "true" },
      { DATABASE_PROTECTION: "false", ALARM_EMAIL: "ops@example.org" },
    ];
    for (const options of shapes) expect(() => synthesize(options)).not.toThrow();
  });

  it("boots workers from a baked image where one is named, in the launch template and in the manager's settings", () => {
    const workerImage = "ami-0123456789abcdef0";
    const deployment = makeApp(readOptions({}), RELEASES, { workerImage });
    expect(() => templatesOf(deployment)).not.toThrow();
    const service = Template.fromStack(deployment.service);
    service.hasResourceProperties("AWS::EC2::LaunchTemplate", {
      LaunchTemplateName: "prod-gas-worker",
      LaunchTemplateData: { ImageId: workerImage, MetadataOptions: { HttpTokens: "required" } },
    });
    const [manager] = Object.values(service.findResources("AWS::EC2::Instance"));
    expect(JSON.stringify(manager?.Properties.UserData)).toContain(`WORKER_IMAGE_ID=${workerImage}\\n`);
    // The manager's own machine is no worker.
    expect(JSON.stringify(manager?.Properties.ImageId)).not.toContain(workerImage);
    expect(JSON.stringify(plain.service.toJSON())).not.toContain(workerImage);
  });

  it("has as many alarms and secrets as the estimate of a month's cost counts", () => {
    expect(ofType(plain, "AWS::CloudWatch::Alarm")).toHaveLength(ALARMS);
    expect(ofType(plain, "AWS::SecretsManager::Secret")).toHaveLength(SECRETS);
  });

  it("uses no Auto Scaling and no launch of workers: that is the autoscaler's", () => {
    const types = Object.values(plain.all).map(({ Type }) => Type);
    expect(types.filter((type) => /AutoScaling|ECS|Lambda|SpotFleet/.test(type))).toEqual([]);
    plain.service.resourceCountIs("AWS::EC2::Instance", 1);
    plain.foundation.resourceCountIs("AWS::EC2::Instance", 0);
  });

  it("names no account, region or zone, and fits into one request to CloudFormation", () => {
    for (const template of [secure.foundation, secure.service, plain.foundation, plain.service]) {
      const json = JSON.stringify(template.toJSON());
      expect(json.replaceAll(CERTIFICATE.CERTIFICATE_ARN, "")).not.toMatch(/\b(us|eu|ap)-[a-z]+-\d|\b\d{12}\b/);
      expect(Buffer.byteLength(json)).toBeLessThan(TEMPLATE_BYTES);
    }
    expect(JSON.stringify(plain.foundation.toJSON())).toContain('"Fn::GetAZs"');
  });

  it("lets two installations stand beside each other: every name begins with the prefix", () => {
    const other = synthesize({ PREFIX: "second" });
    const names = (templates: Templates) =>
      Object.values(templates.all).flatMap(({ Properties }) =>
        Object.entries(Properties ?? {}).flatMap(([key, value]) =>
          /^(Name|.*Name)$/.test(key) && /^(Bucket|Queue|Role|InstanceProfile|LaunchTemplate|Name|Topic)/.test(key)
            ? [text(value)]
            : [],
        ),
      );
    const both = new Set(names(other));
    // What CDK names itself carries the stack's name.
    expect(names(plain).filter((name) => both.has(name) && !name.startsWith("{"))).toEqual([]);
  });
});

describe("HTTPS", () => {
  it("is the only way in with a certificate: 80 redirects, and the dashboard has it too", () => {
    const listeners = ofType(secure, "AWS::ElasticLoadBalancingV2::Listener");
    expect(listeners.map(({ Port, Protocol }) => `${Port} ${Protocol}`).sort()).toEqual([
      "443 HTTPS",
      "5000 HTTPS",
      "80 HTTP",
    ]);
    for (const { Protocol, Certificates, SslPolicy } of listeners) {
      if (Protocol !== "HTTPS") continue;
      expect(Certificates).toEqual([{ CertificateArn: CERTIFICATE.CERTIFICATE_ARN }]);
      expect(SslPolicy).toMatch(/TLS13/);
    }
    secure.foundation.hasResourceProperties("AWS::ElasticLoadBalancingV2::Listener", {
      Port: 80,
      DefaultActions: [
        { Type: "redirect", RedirectConfig: { Protocol: "HTTPS", Port: "443", StatusCode: "HTTP_301" } },
      ],
    });
  });

  it("gives way to HTTP only where there is no certificate", () => {
    const ports = ofType(plain, "AWS::ElasticLoadBalancingV2::Listener").map(
      ({ Port, Protocol }) => `${Port} ${Protocol}`,
    );
    expect(ports.sort()).toEqual(["5000 HTTP", "80 HTTP"]);
    expect(() => readOptions({ CERTIFICATE_ARN: CERTIFICATE.CERTIFICATE_ARN })).toThrow(/DOMAIN_NAME/);
  });
});

describe("the network", () => {
  it("has two zones, a private place for machines, an isolated one for the database, and S3 inside of it", () => {
    const zones = ofType(plain, "AWS::EC2::Subnet").map(({ AvailabilityZone }) => JSON.stringify(AvailabilityZone));
    expect(zones).toHaveLength(6);
    expect(new Set(zones).size).toBe(2);
    expect(
      ofType(plain, "AWS::EC2::Subnet").filter(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch !== false),
    ).toEqual([]);
    plain.foundation.hasResourceProperties("AWS::EC2::VPCEndpoint", { VpcEndpointType: "Gateway" });
    plain.foundation.hasResourceProperties("AWS::EC2::FlowLog", { TrafficType: "REJECT" });
  });

  it("lets in: browsers and administrators to the balancer, the balancer to web workers and manager, our machines to the database, nobody else", () => {
    const inline = ofType(secure, "AWS::EC2::SecurityGroup").flatMap(
      ({ GroupDescription, SecurityGroupIngress = [] }) =>
        (SecurityGroupIngress as { FromPort: number; CidrIp?: string }[]).map(
          ({ FromPort, CidrIp }) => `${String(GroupDescription).split(":")[0]} ${FromPort} from ${CidrIp}`,
        ),
    );
    expect(inline.sort()).toEqual([443, 5000, 80].map((port) => `The load balancer ${port} from 0.0.0.0/0`).sort());
    const groupOf = (value: unknown) => /(Balancer|Manager|Web|Worker|Database)Group/.exec(JSON.stringify(value))?.[1];
    const rules = ofType(secure, "AWS::EC2::SecurityGroupIngress").map(
      ({ GroupId, SourceSecurityGroupId, FromPort, ToPort }) =>
        `${groupOf(GroupId)} ${FromPort}-${ToPort} from ${groupOf(SourceSecurityGroupId)}`,
    );
    expect(rules.sort()).toEqual([
      "Database 3307-3307 from Manager",
      "Database 3307-3307 from Web",
      "Database 3307-3307 from Worker",
      "Manager 5000-5000 from Balancer",
      "Web 8000-8000 from Balancer",
    ]);
  });

  it("narrows the manager's port to ADMIN_CIDR", () => {
    const { foundation } = synthesize({ ADMIN_CIDR: "198.51.100.0/24" });
    foundation.hasResourceProperties("AWS::EC2::SecurityGroup", {
      SecurityGroupIngress: Match.arrayWith([Match.objectLike({ CidrIp: "198.51.100.0/24", FromPort: 5000 })]),
    });
  });
});

describe("data", () => {
  it("has the buckets of resources.ts: private, encrypted, by TLS alone, with logs; only the inputs take forms of our pages", () => {
    const buckets = ofType(secure, "AWS::S3::Bucket");
    const named = buckets.filter(({ BucketName }) => BucketName !== undefined);
    expect(named.map(({ BucketName }) => text(BucketName)).sort()).toEqual(Object.values(RESOURCES.buckets).sort());
    for (const bucket of buckets) {
      expect(bucket.PublicAccessBlockConfiguration).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(JSON.stringify(bucket.BucketEncryption)).toContain("AES256");
      expect(JSON.stringify(bucket.LifecycleConfiguration)).toMatch(/AbortIncomplete|ExpirationInDays/);
    }
    const denials = ofType(secure, "AWS::S3::BucketPolicy").filter((policy) =>
      /"Bool":\{"aws:SecureTransport":"false"\}\},"Effect":"Deny"/.test(JSON.stringify(policy)),
    );
    expect(denials).toHaveLength(buckets.length);
    const withForms = named.filter(({ CorsConfiguration }) => CorsConfiguration !== undefined);
    expect(withForms.map(({ BucketName }) => text(BucketName))).toEqual([RESOURCES.buckets.inputs]);
    expect(JSON.stringify(withForms[0]?.CorsConfiguration)).toContain('"AllowedOrigins":["https://gas.example.org"]');
  });

  it("has the queues of resources.ts, each with its dead letters, encrypted and by TLS alone", () => {
    const queues = ofType(plain, "AWS::SQS::Queue");
    const names = QUEUE_KEYS.flatMap((key) => [RESOURCES.queues[key].name, RESOURCES.queues[key].deadLetterName]);
    expect(queues.map(({ QueueName }) => QueueName).sort()).toEqual(names.sort());
    for (const queue of queues)
      expect(queue).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
    const withDeadLetters = queues.filter(({ RedrivePolicy }) => RedrivePolicy !== undefined);
    expect(withDeadLetters).toHaveLength(QUEUE_KEYS.length);
    for (const { RedrivePolicy } of withDeadLetters)
      expect(RedrivePolicy).toMatchObject({ maxReceiveCount: MAX_RECEIVE_COUNT });
    plain.foundation.resourceCountIs("AWS::SQS::QueuePolicy", queues.length);
  });

  it("has a database that is encrypted, backed up, out of reach, and takes TLS connections alone", () => {
    plain.foundation.hasResource("AWS::RDS::DBInstance", {
      DeletionPolicy: "Snapshot",
      Properties: {
        Engine: "mysql",
        StorageEncrypted: true,
        BackupRetentionPeriod: 7,
        DeletionProtection: true,
        PubliclyAccessible: false,
        DBInstanceClass: "db.t4g.small",
      },
    });
    plain.foundation.hasResourceProperties("AWS::RDS::DBParameterGroup", {
      Parameters: { require_secure_transport: "ON" },
    });
    const destroyed = synthesize({ DATABASE_PROTECTION: "false" });
    destroyed.foundation.hasResource("AWS::RDS::DBInstance", {
      DeletionPolicy: "Delete",
      Properties: { DeletionProtection: false },
    });
  });

  it("keeps secrets in Secrets Manager alone", () => {
    const names = ofType(plain, "AWS::SecretsManager::Secret").map(({ Name }) => Name);
    expect(names.sort()).toEqual(Object.values(RESOURCES.secrets).sort());
    const script = text(Object(ofType(plain, "AWS::EC2::Instance")[0]?.UserData)["Fn::Base64"]);
    expect(script).not.toMatch(/PASSWORD|SESSION_SECRET=|mysql:/);
    plain.foundation.hasResourceProperties("AWS::SES::EmailIdentity", { EmailIdentity: "gas@example.org" });
  });
});

describe("rights", () => {
  /** The statements of a role's policies as permissions.ts writes them. */
  const statementsOf = ({ all }: Templates, role: string) => {
    const [id] = Object.entries(all).find(([, { Properties }]) => text(Properties?.RoleName) === role) ?? [];
    return Object.values(all)
      .filter(
        ({ Type, Properties }) => /Policy$/.test(Type) && JSON.stringify(Properties.Roles ?? []).includes(`"${id}"`),
      )
      .flatMap(({ Properties }) => Object(Properties.PolicyDocument).Statement as Record<string, unknown>[])
      .map(({ Action, Resource, Condition, Effect }) => ({
        Effect,
        actions: [Action].flat().sort(),
        resources: [Resource].flat().map(text).sort(),
        condition: Condition,
      }));
  };
  const wanted = (roles: readonly Role[], logGroup: string) => {
    const place = { region: "{Region}", accountId: "{AccountId}" };
    const rights = permissionsOf(RESOURCES, { ...place, instanceProfile: "prod-gas-{Region}" });
    return [...roles.flatMap((role) => rights[role]), logAgentStatement(logGroup, place)].map(
      ({ actions, resources, whereEquals }) => ({
        Effect: "Allow",
        actions: [...actions].sort(),
        resources: [...resources].sort(),
        condition: whereEquals && { StringEquals: whereEquals },
      }),
    );
  };
  const ordered = (statements: readonly object[]) =>
    [...new Set(statements.map((each) => JSON.stringify(each)))].sort();

  it.each(["manager", ...POOL_NAMES] as const)(
    "the role of the %s's machines has those of permissions.ts and nothing else",
    (role) => {
      const held = statementsOf(plain, `prod-gas-{Region}-${role}`);
      const expected =
        role === "manager"
          ? wanted(["manager", "autoscaler"], "/prod-gas/manager")
          : wanted([role], "/prod-gas/workers");
      expect(ordered(held)).toEqual(ordered(expected));
    },
  );

  it("no machine has another role, a managed policy of AWS or an access key", () => {
    const machineRoles = ofType(plain, "AWS::IAM::Role").filter((role) =>
      JSON.stringify(role).includes("ec2.amazonaws.com"),
    );
    expect(machineRoles).toHaveLength(ROLES.length - 1);
    for (const role of machineRoles) expect([role.ManagedPolicyArns ?? [], role.Policies ?? []]).toEqual([[], []]);
    expect(Object.values(plain.all).filter(({ Type }) => /IAM::(User|AccessKey)/.test(Type))).toEqual([]);
    // The policy of the manager's machine has two roles' statements: IAM takes 6,144 characters.
    for (const { PolicyDocument } of ofType(plain, "AWS::IAM::ManagedPolicy"))
      expect(
        JSON.stringify(PolicyDocument, (_, value: unknown) =>
          typeof value === "object" && value !== null && ("Fn::Join" in value || "Ref" in value) ? text(value) : value,
        ).length,
      ).toBeLessThan(6_144);
  });
});

describe("machines", () => {
  it("write their logs to groups that end with the installation", () => {
    for (const LogGroupName of ["/prod-gas/manager", "/prod-gas/workers"])
      plain.foundation.hasResource("AWS::Logs::LogGroup", {
        DeletionPolicy: "Delete",
        Properties: { LogGroupName, RetentionInDays: 30 },
      });
    const [manager] = ofType(plain, "AWS::EC2::Instance");
    const script = text(Object(manager?.UserData)["Fn::Base64"]);
    const settings = JSON.parse(/^ *printf '%s\\n' '(\{"logs".*\})' >/m.exec(script)?.[1] ?? "");
    const { collect_list } = settings.logs.logs_collected.files;
    expect(collect_list).toContainEqual({
      file_path: "/var/lib/elastic-gas/logs/autoscaler.log",
      log_group_name: "/prod-gas/manager",
      log_stream_name: "{instance_id}/autoscaler",
    });
  });

  it("take their credentials from IMDSv2, are watched by the minute and have encrypted disks", () => {
    const disk = [Match.objectLike({ Ebs: Match.objectLike({ Encrypted: true, DeleteOnTermination: true }) })];
    plain.service.hasResourceProperties("AWS::EC2::LaunchTemplate", {
      LaunchTemplateName: "prod-gas-worker",
      LaunchTemplateData: {
        MetadataOptions: { HttpTokens: "required" },
        Monitoring: { Enabled: true },
        InstanceInitiatedShutdownBehavior: "terminate",
        BlockDeviceMappings: disk,
      },
    });
    plain.service.hasResourceProperties("AWS::EC2::Instance", { Monitoring: true, BlockDeviceMappings: disk });
    for (const template of ofType(plain, "AWS::EC2::LaunchTemplate"))
      expect(template).toMatchObject({ LaunchTemplateData: { MetadataOptions: { HttpTokens: "required" } } });
  });

  it("are not throttled when their CPU credits are spent, and types without credits do not name them", () => {
    const creditsOf = (templates: Templates) =>
      [
        ofType(templates, "AWS::EC2::LaunchTemplate").find(
          ({ LaunchTemplateName }) => LaunchTemplateName === "prod-gas-worker",
        )?.LaunchTemplateData,
        ofType(templates, "AWS::EC2::Instance")[0],
      ].map((machine) => Object(machine).CreditSpecification);
    const UNLIMITED = [{ CpuCredits: "unlimited" }, { CPUCredits: "unlimited" }];
    expect(creditsOf(plain)).toEqual(UNLIMITED);
    const steady = synthesize({ WORKER_INSTANCE_TYPE: "m7i.large", MANAGER_INSTANCE_TYPE: "m7i.large" });
    expect(creditsOf(steady)).toEqual([undefined, undefined]);
  });

  it("the manager runs start.sh as a service of its release, behind the balancer's port 5000", () => {
    const [manager] = ofType(plain, "AWS::EC2::Instance");
    const script = text(Object(manager?.UserData)["Fn::Base64"]);
    expect(Buffer.byteLength(script)).toBeLessThan(USER_DATA_BYTES);
    expect(script).toContain(`s3://${RESOURCES.buckets.releases}/releases/${RELEASES.manager}.tar.gz`);
    expect(script).toContain(`echo '${RELEASES.manager}  release.tar.gz' | sha256sum --check`);
    expect(script).toMatch(/ExecStart=\/opt\/elastic-gas\/start\.sh\n[\s\S]*Restart=on-failure/);
    expect(script).toContain(`RELEASE_SHA256=${RELEASES.worker}`);
    expect(script).not.toMatch(/npm |__[A-Z]/);
    expect(manager?.Tags).toEqual(expect.arrayContaining([{ Key: "elastic-gas:prefix", Value: "prod" }]));
    expect(JSON.stringify(manager?.Tags)).not.toContain("elastic-gas:pool");
    plain.service.hasResourceProperties("AWS::ElasticLoadBalancingV2::TargetGroup", {
      Port: 5000,
      HealthCheckPath: "/healthz",
    });
    plain.service.hasOutput("Dashboard", {});
    plain.foundation.hasOutput("BalancerDnsName", {});
  });

  it("the manager is another machine when the operator's keys change, for it reads them when it starts", () => {
    const { service } = makeApp(readOptions({}), RELEASES, { keysVersion: "other" });
    const idsOf = (template: Template) => Object.keys(template.findResources("AWS::EC2::Instance"));
    expect(idsOf(Template.fromStack(service))).not.toEqual(idsOf(plain.service));
  });

  it("the manager's settings are settings of the product", () => {
    const script = text(Object(ofType(secure, "AWS::EC2::Instance")[0]?.UserData)["Fn::Base64"]);
    const [, lines = ""] = /<<'SETTINGS'\n([\s\S]*?)\nSETTINGS/.exec(script) ?? [];
    const example = readFileSync(join(import.meta.dirname, "../../.env.example"), "utf8");
    for (const name of lines.split("\n").map((line) => line.split("=")[0]))
      expect(example).toMatch(new RegExp(`^${name}=`, "m"));
    expect(lines).toContain("PUBLIC_URL=https://gas.example.org");
    expect(lines).toContain(`WORKER_INSTANCE_PROFILE=prod-gas-{Region}`);
    expect(lines).toContain("ARCHIVE_DRIVER=s3-glacier");
  });

  it("alarms go to one topic, also for a manager that says nothing", () => {
    plain.service.resourceCountIs("AWS::SNS::Topic", 1);
    for (const alarm of ofType(plain, "AWS::CloudWatch::Alarm")) expect(alarm.AlarmActions).toHaveLength(1);
    plain.service.hasResourceProperties("AWS::CloudWatch::Alarm", {
      MetricName: "HealthyHostCount",
      TreatMissingData: "breaching",
    });
    expect(ofType(plain, "AWS::CloudWatch::Alarm").length).toBe(QUEUE_KEYS.length + 5);
  });
});

/** A setting that nobody reads would be a promise that nobody keeps. */
it("every option is documented with its default", () => {
  const documented = readFileSync(join(import.meta.dirname, "../deploy.env.example"), "utf8");
  const shown = Object.fromEntries(
    [...documented.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
  const { STRIPE_SECRET_KEY: _, STRIPE_WEBHOOK_SECRET: __, STRIPE_PRICE_ID: ___, ...options } = shown;
  expect(readOptions(options)).toEqual(readOptions({}));
  const names: readonly (keyof Options)[] = Object.keys(readOptions(CERTIFICATE)) as (keyof Options)[];
  for (const name of names) if (name !== "DATABASE_PROTECTION") expect(Object.keys(options)).toContain(name);
});
