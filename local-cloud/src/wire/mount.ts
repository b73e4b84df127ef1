import type { IncomingHttpHeaders } from "node:http";
import { type Call, Fault } from "./handler.ts";
import type { Model, Operation } from "./model.ts";
import type { Parameters, Protocol, Value } from "./protocol/protocol.ts";
import { queryProtocol } from "./protocol/query-protocol.ts";
import { restProtocol } from "./protocol/rest-protocol.ts";
import { RestRouter } from "./protocol/rest-router.ts";
import { cborProtocol, jsonProtocol } from "./protocol/tree-protocol.ts";
import { loadModel, SERVICES, type ServiceDescription, type ServiceId } from "./services.ts";

/** The handlers of a service by operation name. Each has its own input type, which only the schema knows here. */
export type Handlers = object;

export interface ServiceMount {
  readonly description: ServiceDescription;
  readonly model: Model;
  readonly handlers: Handlers;
  readonly router: RestRouter | undefined;
  /** How requests without a protocol of their own are read and written. */
  readonly protocol: Protocol;
}

/**
 * Which operation a request means and in which protocol; `operation` is undefined as long as the body has not been read
 * (query protocols).
 */
export interface Reading {
  readonly protocol: Protocol;
  readonly operation: Operation | undefined;
}

export interface Head {
  readonly method: string;
  readonly path: string;
  readonly query: Parameters;
  readonly headers: IncomingHttpHeaders;
}

export async function mountService(id: ServiceId, handlers: Handlers): Promise<ServiceMount> {
  const description = SERVICES.find((service) => service.id === id);
  if (!description) throw new Error(`There is no service "${id}".`);
  const model = await loadModel(description);
  for (const name of Object.keys(handlers)) {
    if (!model.operations.has(name))
      throw new Error(`${id} has a handler for "${name}", which its client does not know.`);
  }
  const isRest = description.protocol === "restXml" || description.protocol === "restJson";
  const router = isRest ? new RestRouter(model) : undefined;
  return { description, model, handlers, router, protocol: defaultProtocol(description, router) };
}

/** Reads protocol and, where the head tells it, operation. */
export function readHead(mount: ServiceMount, head: Head): Reading {
  const { targetPrefix } = mount.description;
  const target = head.headers["x-amz-target"];
  if (targetPrefix !== undefined && head.headers["smithy-protocol"] === "rpc-v2-cbor") {
    const [, name = ""] = /\/service\/[^/]+\/operation\/([^/]+)$/.exec(head.path) ?? [];
    return { protocol: cborProtocol, operation: getOperation(mount, name, cborProtocol) };
  }
  if (targetPrefix !== undefined && typeof target === "string") {
    return {
      protocol: jsonProtocol,
      operation: getOperation(mount, target.slice(target.indexOf(".") + 1), jsonProtocol),
    };
  }
  return { protocol: mount.protocol, operation: mount.router?.route(head).operation };
}

/** The protocol alone, for errors that come before the operation is known. */
export function protocolOf(mount: ServiceMount, headers: IncomingHttpHeaders): Protocol {
  if (mount.description.targetPrefix === undefined) return mount.protocol;
  if (headers["smithy-protocol"] === "rpc-v2-cbor") return cborProtocol;
  return headers["x-amz-target"] === undefined ? mount.protocol : jsonProtocol;
}

export function getOperation(mount: ServiceMount, name: string, protocol: Protocol): Operation {
  const operation = mount.model.operations.get(name);
  if (operation) return operation;
  if (protocol === mount.protocol)
    throw new Fault("InvalidAction", `The action ${name} is not valid for this web service.`);
  throw new Fault("UnknownOperationException", `The operation ${name} is not known.`);
}

/** The handler of an operation; throws the service's own error for one that local-cloud does not implement. */
export function handlerOf(mount: ServiceMount, operation: Operation): (input: Value, call: Call) => Promise<Value> {
  const handler: unknown = Reflect.get(mount.handlers, operation.name);
  // Its input type is the one that the operation's schema produces.
  if (typeof handler === "function" && Object.hasOwn(mount.handlers, operation.name))
    return handler as (input: Value, call: Call) => Promise<Value>;
  const message = `local-cloud does not implement ${mount.description.id} ${operation.name}.`;
  if (mount.router) throw new Fault("NotImplemented", message, 501);
  throw new Fault("UnsupportedOperation", message);
}

function defaultProtocol(service: ServiceDescription, router: RestRouter | undefined): Protocol {
  switch (service.protocol) {
    case "ec2":
      return queryProtocol("ec2", service.xmlNamespace);
    case "query":
      return queryProtocol("aws", service.xmlNamespace);
    case "restXml":
    case "restJson":
      if (!router) throw new Error(`${service.id} needs a router.`);
      return restProtocol(service.protocol === "restXml" ? "xml" : "json", service.xmlNamespace, router);
  }
}
