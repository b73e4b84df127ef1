import { randomBytes } from "node:crypto";
import {
  ListenerNotFoundException,
  LoadBalancerNotFoundException,
  TargetGroupNotFoundException,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { type Call, Fault } from "../wire/handler.ts";
import type { DataPlane, InstanceAddress } from "./data-plane.ts";
import type { Catalogue, ListenerDocument, LoadBalancerDocument, TargetGroupDocument } from "./documents.ts";

/** What the operations of ELBv2 share. */
export interface ElbContext {
  readonly catalogue: Catalogue;
  readonly dataPlane: DataPlane;
  readonly getInstance: (instanceId: string) => InstanceAddress | undefined;
  /** Host name under which browsers reach the listeners. */
  readonly publicHost: string;
  readonly now: () => Date;
}

const PAGE = 400;

export function getLoadBalancer({ catalogue }: ElbContext, arn: string | undefined): LoadBalancerDocument {
  const found = catalogue.loadBalancers.find(arn);
  if (!found) throw loadBalancerNotFound();
  return found;
}

export function getTargetGroup({ catalogue }: ElbContext, arn: string | undefined): TargetGroupDocument {
  const found = catalogue.targetGroups.find(arn);
  if (!found) throw targetGroupNotFound();
  return found;
}

export function getListener({ catalogue }: ElbContext, arn: string | undefined): ListenerDocument {
  const found = catalogue.listeners.find(arn);
  if (!found) throw new ListenerNotFoundException({ message: "One or more listeners not found", $metadata: {} });
  return found;
}

export function loadBalancerNotFound(): LoadBalancerNotFoundException {
  return new LoadBalancerNotFoundException({ message: "One or more load balancers not found", $metadata: {} });
}

export function targetGroupNotFound(): TargetGroupNotFoundException {
  return new TargetGroupNotFoundException({ message: "One or more target groups not found", $metadata: {} });
}

/** The last part of an ARN. */
export function newId(): string {
  return randomBytes(8).toString("hex");
}

export function arnOf({ region, accountId }: Call, resource: string): string {
  return `arn:aws:elasticloadbalancing:${region}:${accountId}:${resource}`;
}

/** Throws ValidationError unless the name is one that ELBv2 takes. */
export function checkedName(name: string | undefined, what: string): string {
  if (name !== undefined && /^(?!-)[A-Za-z0-9-]{1,32}(?<!-)$/.test(name)) return name;
  throw validationError(
    `${what} name '${name ?? ""}' must be 1 to 32 letters, digits and hyphens, and must not begin or end with a hyphen`,
  );
}

export function validationError(message: string): Fault {
  return new Fault("ValidationError", message);
}

export function tagsOf(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = [],
): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value]));
}

/** One page of a description; the marker is the place to go on from. */
export function pageOf<T>(
  all: readonly T[],
  input: { readonly Marker?: string | undefined; readonly PageSize?: number | undefined },
): { readonly page: readonly T[]; readonly nextMarker: string | undefined } {
  const from = Number(input.Marker ?? 0);
  const size = input.PageSize ?? PAGE;
  if (!Number.isInteger(from) || from < 0) throw validationError("The marker is invalid");
  if (!Number.isInteger(size) || size < 1 || size > PAGE)
    throw validationError(`The page size must be from 1 to ${PAGE}`);
  const next = from + size;
  return { page: all.slice(from, next), nextMarker: next < all.length ? String(next) : undefined };
}
