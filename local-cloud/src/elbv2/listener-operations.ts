import {
  type Action,
  type CreateListenerCommandInput,
  type CreateListenerCommandOutput,
  type DeleteListenerCommandInput,
  type DeleteListenerCommandOutput,
  type DescribeListenersCommandInput,
  type DescribeListenersCommandOutput,
  DuplicateListenerException,
  InvalidConfigurationRequestException,
  type Listener,
  type ModifyListenerCommandInput,
  type ModifyListenerCommandOutput,
  TargetGroupAssociationLimitException,
  UnsupportedProtocolException,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Handler } from "../wire/handler.ts";
import {
  arnOf,
  type ElbContext,
  getListener,
  getLoadBalancer,
  getTargetGroup,
  newId,
  pageOf,
  tagsOf,
  validationError,
} from "./context.ts";
import type { ListenerDocument } from "./documents.ts";

export function listenerOperations(context: ElbContext) {
  const { catalogue, dataPlane } = context;

  const CreateListener: Handler<CreateListenerCommandInput, CreateListenerCommandOutput> = async (input, call) => {
    const loadBalancer = getLoadBalancer(context, input.LoadBalancerArn);
    checkProtocol(input.Protocol ?? "HTTP");
    const port = checkedPort(input.Port);
    const targetGroupArn = targetGroupOf(input.DefaultActions, loadBalancer.arn);
    const existing = findOnPort(loadBalancer.arn, port);
    if (existing?.targetGroupArn === targetGroupArn) return { Listeners: [describe(existing)] };
    if (existing) throw duplicateListener();
    const id = `${loadBalancer.arn.slice(loadBalancer.arn.indexOf("/") + 1)}/${newId()}`;
    const document = await listening({
      arn: arnOf(call, `listener/${id}`),
      loadBalancerArn: loadBalancer.arn,
      port,
      targetGroupArn,
      tags: tagsOf(input.Tags),
    });
    catalogue.listeners.save(document);
    return { Listeners: [describe(document)] };
  };

  const DescribeListeners: Handler<DescribeListenersCommandInput, DescribeListenersCommandOutput> = async (input) => {
    const { ListenerArns: arns, LoadBalancerArn } = input;
    if (LoadBalancerArn !== undefined) getLoadBalancer(context, LoadBalancerArn);
    const wanted = arns
      ? arns.map((arn) => getListener(context, arn))
      : catalogue.listeners.list().filter(({ loadBalancerArn }) => loadBalancerArn === LoadBalancerArn);
    const { page, nextMarker } = pageOf(wanted, input);
    return { Listeners: page.map(describe), NextMarker: nextMarker };
  };

  const ModifyListener: Handler<ModifyListenerCommandInput, ModifyListenerCommandOutput> = async (input) => {
    const document = getListener(context, input.ListenerArn);
    if (input.Protocol !== undefined) checkProtocol(input.Protocol);
    const targetGroupArn = input.DefaultActions
      ? targetGroupOf(input.DefaultActions, document.loadBalancerArn)
      : document.targetGroupArn;
    const port = input.Port === undefined ? document.port : checkedPort(input.Port);
    const moves = port !== document.port;
    if (moves && findOnPort(document.loadBalancerArn, port)) throw duplicateListener();
    const wanted = { ...document, targetGroupArn, port };
    const changed = moves ? await listening(wanted) : wanted;
    catalogue.listeners.save(changed);
    return { Listeners: [describe(changed)] };
  };

  const DeleteListener: Handler<DeleteListenerCommandInput, DeleteListenerCommandOutput> = async (input) => {
    const { arn } = getListener(context, input.ListenerArn);
    catalogue.listeners.delete(arn);
    await dataPlane.unlisten(arn);
    return {};
  };

  function findOnPort(loadBalancerArn: string, port: number): ListenerDocument | undefined {
    return catalogue.listeners.list().find((one) => one.loadBalancerArn === loadBalancerArn && one.port === port);
  }

  /** The listener with the port that it really has: port 0 takes a free one, which AWS does not offer. */
  async function listening(document: ListenerDocument): Promise<ListenerDocument> {
    try {
      return { ...document, port: await dataPlane.listen(document) };
    } catch (cause) {
      const message = `Could not listen on port ${document.port}: ${(cause as Error).message}. Is another program using it?`;
      throw new InvalidConfigurationRequestException({ message, $metadata: {} });
    }
  }

  /** The one target group that an action forwards to. As in AWS, a target group serves one load balancer. */
  function targetGroupOf(actions: readonly Action[] | undefined, loadBalancerArn: string): string {
    const [action, ...others] = actions ?? [];
    const weighted = action?.ForwardConfig?.TargetGroups ?? [];
    if (action?.Type !== "forward" || others.length > 0 || weighted.length > 1) {
      const message = "Only one action is supported: forward to one target group";
      throw new InvalidConfigurationRequestException({ message, $metadata: {} });
    }
    const { arn } = getTargetGroup(context, action.TargetGroupArn ?? weighted[0]?.TargetGroupArn);
    const elsewhere = catalogue.listeners
      .list()
      .some((one) => one.targetGroupArn === arn && one.loadBalancerArn !== loadBalancerArn);
    if (elsewhere) {
      const message = "The target group is already associated with another load balancer";
      throw new TargetGroupAssociationLimitException({ message, $metadata: {} });
    }
    return arn;
  }

  return { CreateListener, DescribeListeners, ModifyListener, DeleteListener };
}

function checkedPort(port: number | undefined): number {
  if (port !== undefined && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw validationError("A listener needs a port from 1 to 65535");
}

function duplicateListener(): DuplicateListenerException {
  const message = "A listener already exists on this port for this load balancer";
  return new DuplicateListenerException({ message, $metadata: {} });
}

function checkProtocol(protocol: string): void {
  if (protocol === "HTTP") return;
  const message = `The protocol '${protocol}' is not supported: local listeners speak HTTP`;
  throw new UnsupportedProtocolException({ message, $metadata: {} });
}

function describe({ arn, loadBalancerArn, port, targetGroupArn }: ListenerDocument): Listener {
  return {
    ListenerArn: arn,
    LoadBalancerArn: loadBalancerArn,
    Port: port,
    Protocol: "HTTP",
    DefaultActions: [
      {
        Type: "forward",
        TargetGroupArn: targetGroupArn,
        ForwardConfig: {
          TargetGroups: [{ TargetGroupArn: targetGroupArn, Weight: 1 }],
          TargetGroupStickinessConfig: { Enabled: false },
        },
      },
    ],
  };
}
