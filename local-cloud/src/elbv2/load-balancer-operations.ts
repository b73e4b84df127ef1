import {
  type CreateLoadBalancerCommandInput,
  type CreateLoadBalancerCommandOutput,
  type DeleteLoadBalancerCommandInput,
  type DeleteLoadBalancerCommandOutput,
  type DescribeLoadBalancerAttributesCommandInput,
  type DescribeLoadBalancerAttributesCommandOutput,
  type DescribeLoadBalancersCommandInput,
  type DescribeLoadBalancersCommandOutput,
  DuplicateLoadBalancerNameException,
  InvalidSecurityGroupException,
  type LoadBalancer,
  type ModifyLoadBalancerAttributesCommandInput,
  type ModifyLoadBalancerAttributesCommandOutput,
  OperationNotPermittedException,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Call, Handler } from "../wire/handler.ts";
import { attributeOf, changedAttributes, LOAD_BALANCER_ATTRIBUTES, listAttributes } from "./attributes.ts";
import {
  arnOf,
  checkedName,
  type ElbContext,
  getLoadBalancer,
  loadBalancerNotFound,
  newId,
  pageOf,
  tagsOf,
  validationError,
} from "./context.ts";
import type { LoadBalancerDocument } from "./documents.ts";

const MIN_SUBNETS = 2;

export function loadBalancerOperations(context: ElbContext) {
  const { catalogue, dataPlane, publicHost, now } = context;

  const CreateLoadBalancer: Handler<CreateLoadBalancerCommandInput, CreateLoadBalancerCommandOutput> = async (
    input,
    call,
  ) => {
    const name = checkedName(input.Name, "Load balancer");
    if ((input.Type ?? "application") !== "application")
      throw validationError("Only application load balancers are supported");
    const scheme = input.Scheme ?? "internet-facing";
    const subnets = input.Subnets ?? input.SubnetMappings?.map(({ SubnetId = "" }) => SubnetId) ?? [];
    if (new Set(subnets).size < MIN_SUBNETS)
      throw validationError("At least two subnets in two different Availability Zones must be specified");
    const [group] = input.SecurityGroups ?? [];
    if (group !== undefined) {
      const message = `Security group '${group}' does not exist`;
      throw new InvalidSecurityGroupException({ message, $metadata: {} });
    }
    const existing = catalogue.loadBalancers.list().find((one) => one.name === name);
    if (existing) {
      if (existing.scheme === scheme) return { LoadBalancers: [describe(existing, call)] };
      const message = "A load balancer with the same name exists, but with different settings";
      throw new DuplicateLoadBalancerNameException({ message, $metadata: {} });
    }
    const document: LoadBalancerDocument = {
      arn: arnOf(call, `loadbalancer/app/${name}/${newId()}`),
      name,
      scheme,
      subnets: [...subnets],
      createdAt: now(),
      attributes: {},
      tags: tagsOf(input.Tags),
    };
    catalogue.loadBalancers.save(document);
    return { LoadBalancers: [describe(document, call)] };
  };

  const DescribeLoadBalancers: Handler<DescribeLoadBalancersCommandInput, DescribeLoadBalancersCommandOutput> = async (
    input,
    call,
  ) => {
    const { LoadBalancerArns: arns = [], Names: names = [] } = input;
    const all = catalogue.loadBalancers.list();
    const missing =
      arns.some((arn) => !catalogue.loadBalancers.find(arn)) ||
      names.some((name) => !all.some((one) => one.name === name));
    if (missing) throw loadBalancerNotFound();
    const wanted = all.filter(({ arn, name }) =>
      arns.length + names.length === 0 ? true : arns.includes(arn) || names.includes(name),
    );
    const { page, nextMarker } = pageOf(wanted, input);
    return { LoadBalancers: page.map((document) => describe(document, call)), NextMarker: nextMarker };
  };

  const DeleteLoadBalancer: Handler<DeleteLoadBalancerCommandInput, DeleteLoadBalancerCommandOutput> = async (
    input,
  ) => {
    const document = catalogue.loadBalancers.find(input.LoadBalancerArn);
    if (!document) return {}; // as in AWS, deleting what is not there succeeds
    if (attributeOf(LOAD_BALANCER_ATTRIBUTES, document.attributes, "deletion_protection.enabled") === "true") {
      const message = `Load balancer '${document.arn}' cannot be deleted because deletion protection is enabled`;
      throw new OperationNotPermittedException({ message, $metadata: {} });
    }
    for (const listener of catalogue.listeners
      .list()
      .filter(({ loadBalancerArn }) => loadBalancerArn === document.arn)) {
      catalogue.listeners.delete(listener.arn);
      await dataPlane.unlisten(listener.arn);
    }
    catalogue.loadBalancers.delete(document.arn);
    return {};
  };

  const DescribeLoadBalancerAttributes: Handler<
    DescribeLoadBalancerAttributesCommandInput,
    DescribeLoadBalancerAttributesCommandOutput
  > = async (input) => {
    const { attributes } = getLoadBalancer(context, input.LoadBalancerArn);
    return { Attributes: listAttributes(LOAD_BALANCER_ATTRIBUTES, attributes) };
  };

  const ModifyLoadBalancerAttributes: Handler<
    ModifyLoadBalancerAttributesCommandInput,
    ModifyLoadBalancerAttributesCommandOutput
  > = async (input) => {
    const document = getLoadBalancer(context, input.LoadBalancerArn);
    const attributes = changedAttributes(LOAD_BALANCER_ATTRIBUTES, document.attributes, input.Attributes);
    catalogue.loadBalancers.save({ ...document, attributes });
    dataPlane.applyIdleTimeout(document.arn);
    return { Attributes: listAttributes(LOAD_BALANCER_ATTRIBUTES, attributes) };
  };

  /** The DNS name is the machine's own: a listener's port tells one local balancer from another. */
  function describe(document: LoadBalancerDocument, { region }: Call): LoadBalancer {
    return {
      LoadBalancerArn: document.arn,
      LoadBalancerName: document.name,
      DNSName: publicHost,
      CanonicalHostedZoneId: "Z35SXDOTRQ7X7K",
      CreatedTime: document.createdAt,
      Scheme: document.scheme,
      State: { Code: "active" },
      Type: "application",
      AvailabilityZones: document.subnets.map((SubnetId, index) => ({
        SubnetId,
        ZoneName: `${region}${"abcdef"[index % 6]}`,
      })),
      SecurityGroups: [],
      IpAddressType: "ipv4",
    };
  }

  return {
    CreateLoadBalancer,
    DescribeLoadBalancers,
    DeleteLoadBalancer,
    DescribeLoadBalancerAttributes,
    ModifyLoadBalancerAttributes,
  };
}
