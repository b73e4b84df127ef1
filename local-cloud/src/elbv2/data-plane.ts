import type { TargetHealth } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Logger } from "@elastic-gas/shared/logger";
import { attributeOf, LOAD_BALANCER_ATTRIBUTES, TARGET_GROUP_ATTRIBUTES } from "./attributes.ts";
import type { Catalogue, ListenerDocument, TargetDocument, TargetGroupDocument } from "./documents.ts";
import { type HealthCheck, watchTarget } from "./health-checker.ts";
import { describeHealth, INITIAL, matcherOf, nextHealth } from "./proxy/health.ts";
import { Listener } from "./proxy/listener.ts";
import { RequestCounters, type RequestCounts } from "./proxy/request-counters.ts";
import { Target } from "./proxy/target.ts";
import { TargetGroup } from "./proxy/target-group.ts";

/** What the balancer must know of an EC2 instance. */
export interface InstanceAddress {
  readonly state: string;
  readonly privateIpAddress?: string | null | undefined;
}

export interface DataPlaneOptions {
  readonly catalogue: Catalogue;
  readonly getInstance: (instanceId: string) => InstanceAddress | undefined;
  /** Address that listeners bind to. */
  readonly listenHost: string;
  readonly log: Logger;
  readonly now: () => Date;
  /** An instance has been terminated: it is to be taken out of its group. */
  readonly onTerminated: (targetGroupArn: string, target: TargetDocument) => void;
}

interface Watch {
  readonly target: Target;
  readonly stop: AbortController;
  drain: NodeJS.Timeout | undefined;
}

interface Group {
  readonly targets: TargetGroup;
  readonly watches: Map<string, Watch>;
}

const LISTEN_AGAIN_MS = 1000;

export function targetKey({ id, port }: TargetDocument): string {
  return `${id}:${port}`;
}

/** Listeners, targets and their health at run time, made of the catalogue's documents. */
export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #groups = new Map<string, Group>();
  readonly #listeners = new Map<string, Listener>();
  readonly #counters = new Map<string, RequestCounters>();
  #closed = false;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
  }

  /** Begins everything the catalogue holds. A listener whose port is taken is tried again until it is free. */
  async start(): Promise<void> {
    for (const group of this.#options.catalogue.targetGroups.list()) {
      for (const target of group.targets) this.register(group.arn, target);
      this.applyAttributes(group);
    }
    await Promise.all(this.#options.catalogue.listeners.list().map(({ arn }) => this.#resume(arn)));
  }

  /** Resolves with the port. Rejects when it is taken. A listener that listens on another port leaves it then. */
  async listen(document: ListenerDocument): Promise<number> {
    const { arn, loadBalancerArn, targetGroupArn } = document;
    const listener = new Listener(() => {
      const current = this.#options.catalogue.listeners.find(arn)?.targetGroupArn ?? targetGroupArn;
      return {
        group: this.#group(current).targets,
        counters: this.#countersOf(loadBalancerArn, current),
        idleTimeoutMs: this.#idleTimeoutMs(loadBalancerArn),
      };
    });
    listener.idleTimeoutMs = this.#idleTimeoutMs(loadBalancerArn);
    const port = await listener.listen(this.#options.listenHost, document.port);
    const before = this.#listeners.get(arn);
    this.#listeners.set(arn, listener);
    await before?.close();
    return port;
  }

  async unlisten(listenerArn: string): Promise<void> {
    const listener = this.#listeners.get(listenerArn);
    this.#listeners.delete(listenerArn);
    await listener?.close();
  }

  register(targetGroupArn: string, document: TargetDocument): void {
    const group = this.#group(targetGroupArn);
    const key = targetKey(document);
    const known = group.watches.get(key);
    if (known?.target.drainingSince === null) return;
    if (known) this.#remove(group, key); // registered again while it drains: it begins from the start
    const target = new Target(document.id, document.port, () => this.#idleTimeoutOfGroup(targetGroupArn));
    const watch: Watch = { target, stop: new AbortController(), drain: undefined };
    group.watches.set(key, watch);
    group.targets.targets.set(key, target);
    this.#locate(targetGroupArn, target);
    group.targets.changed();
    void this.#watch(targetGroupArn, watch);
  }

  /** New requests go elsewhere at once; those in flight have the deregistration delay to end. */
  deregister(targetGroup: TargetGroupDocument, document: TargetDocument): void {
    const group = this.#group(targetGroup.arn);
    const key = targetKey(document);
    const watch = group.watches.get(key);
    if (!watch || watch.target.drainingSince) return;
    watch.stop.abort();
    watch.target.drainingSince = this.#options.now();
    watch.target.pool?.close();
    group.targets.changed();
    const done = () => this.#remove(group, key);
    if (watch.target.inFlight === 0) {
      done();
      return;
    }
    const delay = attributeOf(TARGET_GROUP_ATTRIBUTES, targetGroup.attributes, "deregistration_delay.timeout_seconds");
    watch.target.onIdle = done;
    watch.drain = setTimeout(done, Number(delay) * 1000);
  }

  removeGroup(targetGroupArn: string): void {
    const group = this.#groups.get(targetGroupArn);
    for (const key of [...(group?.watches.keys() ?? [])]) if (group) this.#remove(group, key);
    this.#groups.delete(targetGroupArn);
  }

  applyAttributes({ arn, attributes }: TargetGroupDocument): void {
    const algorithm = attributeOf(TARGET_GROUP_ATTRIBUTES, attributes, "load_balancing.algorithm.type");
    this.#group(arn).targets.algorithm = algorithm === "least_outstanding_requests" ? algorithm : "round_robin";
  }

  applyIdleTimeout(loadBalancerArn: string): void {
    for (const { arn, loadBalancerArn: owner } of this.#options.catalogue.listeners.list()) {
      const listener = this.#listeners.get(arn);
      if (owner === loadBalancerArn && listener) listener.idleTimeoutMs = this.#idleTimeoutMs(loadBalancerArn);
    }
  }

  /** Registered targets and those still draining, with their health. */
  listHealth(
    targetGroup: TargetGroupDocument,
  ): readonly { readonly target: TargetDocument; readonly health: TargetHealth }[] {
    return [...this.#group(targetGroup.arn).watches.values()].map(({ target }) => ({
      target: { id: target.id, port: target.port },
      health: this.#healthOf(targetGroup, target),
    }));
  }

  /** Counts since they were taken last. */
  takeCounts(loadBalancerArn: string, targetGroupArn: string): Readonly<RequestCounts> {
    return this.#countersOf(loadBalancerArn, targetGroupArn).take();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const arn of [...this.#groups.keys()]) this.removeGroup(arn);
    await Promise.all([...this.#listeners.keys()].map((arn) => this.unlisten(arn)));
  }

  #healthOf({ arn, targetType }: TargetGroupDocument, target: Target): TargetHealth {
    if (target.drainingSince) {
      return {
        State: "draining",
        Reason: "Target.DeregistrationInProgress",
        Description: "Target deregistration is in progress",
      };
    }
    if (!this.#options.catalogue.listeners.list().some(({ targetGroupArn }) => targetGroupArn === arn)) {
      return {
        State: "unused",
        Reason: "Target.NotInUse",
        Description: "Target group is not configured to receive traffic from the load balancer",
      };
    }
    if (target.host === null) {
      const state = targetType === "instance" ? (this.#options.getInstance(target.id)?.state ?? "unknown") : "unknown";
      return { State: "unused", Reason: "Target.InvalidState", Description: `Target is in the ${state} state` };
    }
    return describeHealth(target.health);
  }

  async #resume(arn: string): Promise<void> {
    const document = this.#options.catalogue.listeners.find(arn);
    if (this.#closed || !document || this.#listeners.has(arn)) return;
    await this.listen(document).catch((error: unknown) => {
      this.#options.log.error({ error, arn, port: document.port }, "listener could not listen, trying again");
      setTimeout(() => void this.#resume(arn), LISTEN_AGAIN_MS).unref();
    });
  }

  async #watch(targetGroupArn: string, { target, stop }: Watch): Promise<void> {
    const document = () => this.#options.catalogue.targetGroups.find(targetGroupArn);
    const endpoint = () => {
      this.#locate(targetGroupArn, target);
      const port = Number(document()?.healthCheck.port);
      return target.host === null ? null : { host: target.host, port: Number.isNaN(port) ? target.port : port };
    };
    const check = () => healthCheckOf(document());
    const isNew = () => target.health.state === "initial";
    await watchTarget({ endpoint, check, isNew, signal: stop.signal }, (result) => {
      const { healthyThreshold, unhealthyThreshold } = document()?.healthCheck ?? {
        healthyThreshold: 5,
        unhealthyThreshold: 2,
      };
      const before = target.health;
      target.health = result
        ? nextHealth(before, result, { healthy: healthyThreshold, unhealthy: unhealthyThreshold })
        : INITIAL;
      if (before.state === target.health.state) return;
      this.#group(targetGroupArn).targets.changed();
      this.#options.log.info(
        { target: target.id, from: before.state, to: target.health.state },
        "target health changed",
      );
    });
  }

  /** Looks up where a target is; an instance that is not running is nowhere. */
  #locate(targetGroupArn: string, target: Target): void {
    const before = target.host;
    if (this.#options.catalogue.targetGroups.find(targetGroupArn)?.targetType === "ip") {
      target.host = target.id;
    } else {
      const instance = this.#options.getInstance(target.id);
      target.host = instance?.state === "running" ? (instance.privateIpAddress ?? null) : null;
      if (instance?.state === "terminated")
        this.#options.onTerminated(targetGroupArn, { id: target.id, port: target.port });
    }
    if (target.host !== before) this.#group(targetGroupArn).targets.changed();
  }

  #remove(group: Group, key: string): void {
    const watch = group.watches.get(key);
    if (!watch) return;
    watch.stop.abort();
    clearTimeout(watch.drain);
    watch.target.onIdle = null;
    group.watches.delete(key);
    group.targets.targets.delete(key);
    group.targets.changed();
    watch.target.destroy();
  }

  #group(targetGroupArn: string): Group {
    const known = this.#groups.get(targetGroupArn);
    if (known) return known;
    const created: Group = { targets: new TargetGroup(), watches: new Map() };
    if (!this.#closed) this.#groups.set(targetGroupArn, created);
    return created;
  }

  #countersOf(loadBalancerArn: string, targetGroupArn: string): RequestCounters {
    const key = pair(loadBalancerArn, targetGroupArn);
    const known = this.#counters.get(key);
    if (known) return known;
    const created = new RequestCounters();
    this.#counters.set(key, created);
    return created;
  }

  #idleTimeoutMs(loadBalancerArn: string): number {
    const attributes = this.#options.catalogue.loadBalancers.find(loadBalancerArn)?.attributes ?? {};
    return Number(attributeOf(LOAD_BALANCER_ATTRIBUTES, attributes, "idle_timeout.timeout_seconds")) * 1000;
  }

  #idleTimeoutOfGroup(targetGroupArn: string): number {
    const listener = this.#options.catalogue.listeners
      .list()
      .find((document) => document.targetGroupArn === targetGroupArn);
    return this.#idleTimeoutMs(listener?.loadBalancerArn ?? "");
  }
}

function pair(loadBalancerArn: string, targetGroupArn: string): string {
  return `${loadBalancerArn} ${targetGroupArn}`;
}

function healthCheckOf(document: TargetGroupDocument | undefined): HealthCheck {
  const { path = "/", intervalSeconds = 30, timeoutSeconds = 5, matcher = "200" } = document?.healthCheck ?? {};
  return {
    path,
    intervalMs: intervalSeconds * 1000,
    timeoutMs: timeoutSeconds * 1000,
    matches: matcherOf(matcher) ?? (() => false),
  };
}
