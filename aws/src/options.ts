import { z } from "zod";

const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((text) => (text === "" ? undefined : text), schema.optional());
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");
const instanceType = z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, "an instance type such as t3.small");
const flag = z.enum(["true", "false"]).transform((text) => text === "true");

/** What a deployment can choose; aws/deploy.env.example documents each. */
export const Options = z
  .object({
    PREFIX: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,19}$/, "1 to 20 lower-case letters, digits and hyphens, a letter first")
      .default("prod"),
    AWS_REGION: z.string().min(1).default("us-east-1"),
    CERTIFICATE_ARN: optional(
      z.string().regex(/^arn:aws[\w-]*:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/, "the ARN of an ACM certificate"),
    ),
    DOMAIN_NAME: optional(z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "a host name such as gas.example.org")),
    MAIL_FROM: z.email().default("gas@example.org"),
    ALARM_EMAIL: optional(z.email()),
    ADMIN_CIDR: z.cidrv4().default("0.0.0.0/0"),
    WORKER_INSTANCE_TYPE: instanceType.default("t3.small"),
    MANAGER_INSTANCE_TYPE: instanceType.default("t3.small"),
    DATABASE_INSTANCE_TYPE: instanceType.default("t4g.small"),
    DATABASE_MULTI_AZ: flag.default(false),
    /** Off only while everything is being destroyed. */
    DATABASE_PROTECTION: flag.default(true),
  })
  .superRefine(({ CERTIFICATE_ARN, DOMAIN_NAME }, context) => {
    if (CERTIFICATE_ARN !== undefined && DOMAIN_NAME === undefined)
      context.addIssue({
        code: "custom",
        path: ["DOMAIN_NAME"],
        message: "is needed with CERTIFICATE_ARN: browsers compare the two",
      });
  });
export type Options = z.infer<typeof Options>;

/** The two releases of one deployment, by the SHA-256 of their files in the releases bucket. */
export const Releases = z.object({ worker: sha256, manager: sha256 });
export type Releases = z.infer<typeof Releases>;

export function readOptions(environment: Readonly<Record<string, string | undefined>>): Options {
  const parsed = Options.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Error(`The options are not usable:\n${z.prettifyError(parsed.error)}\nSee aws/deploy.env.example.`);
}
