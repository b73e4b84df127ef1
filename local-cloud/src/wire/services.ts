import { type Model, readModel } from "./model.ts";

export type ServiceId = "ec2" | "elbv2" | "cloudwatch" | "sqs" | "s3" | "glacier" | "ses" | "sts";

/** All that the schemas do not tell about a service. */
export interface ServiceDescription {
  readonly id: ServiceId;
  /** Service name in the credential scope of a signature. */
  readonly signingName: string;
  /** How a request is read that names no protocol by itself (no x-amz-target, no smithy-protocol). */
  readonly protocol: "ec2" | "query" | "restXml" | "restJson";
  readonly xmlNamespace: string;
  /** Prefix of x-amz-target for services that speak JSON, and the service name of RPC v2 CBOR paths. */
  readonly targetPrefix: string | undefined;
  readonly loadClient: () => Promise<Readonly<Record<string, unknown>>>;
}

export const SERVICES: readonly ServiceDescription[] = [
  {
    id: "ec2",
    signingName: "ec2",
    protocol: "ec2",
    xmlNamespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
    targetPrefix: undefined,
    loadClient: () => import("@aws-sdk/client-ec2"),
  },
  {
    id: "elbv2",
    signingName: "elasticloadbalancing",
    protocol: "query",
    xmlNamespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    targetPrefix: undefined,
    loadClient: () => import("@aws-sdk/client-elastic-load-balancing-v2"),
  },
  {
    id: "cloudwatch",
    signingName: "monitoring",
    protocol: "query",
    xmlNamespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
    targetPrefix: "GraniteServiceVersion20100801",
    loadClient: () => import("@aws-sdk/client-cloudwatch"),
  },
  {
    id: "sqs",
    signingName: "sqs",
    protocol: "query",
    xmlNamespace: "http://queue.amazonaws.com/doc/2012-11-05/",
    targetPrefix: "AmazonSQS",
    loadClient: () => import("@aws-sdk/client-sqs"),
  },
  {
    id: "s3",
    signingName: "s3",
    protocol: "restXml",
    xmlNamespace: "http://s3.amazonaws.com/doc/2006-03-01/",
    targetPrefix: undefined,
    loadClient: () => import("@aws-sdk/client-s3"),
  },
  {
    id: "glacier",
    signingName: "glacier",
    protocol: "restJson",
    xmlNamespace: "",
    targetPrefix: undefined,
    loadClient: () => import("@aws-sdk/client-glacier"),
  },
  {
    id: "ses",
    signingName: "ses",
    protocol: "restJson",
    xmlNamespace: "",
    targetPrefix: undefined,
    loadClient: () => import("@aws-sdk/client-sesv2"),
  },
  {
    id: "sts",
    signingName: "sts",
    protocol: "query",
    xmlNamespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    targetPrefix: undefined,
    loadClient: () => import("@aws-sdk/client-sts"),
  },
];

const models = new Map<ServiceId, Promise<Model>>();

/**
 * The model of a service, read once per process: importing a client takes tens of milliseconds and up to 55 MB (EC2).
 */
export function loadModel(service: ServiceDescription): Promise<Model> {
  const known = models.get(service.id);
  if (known) return known;
  const model = service.loadClient().then(readModel);
  models.set(service.id, model);
  return model;
}
