import { type Algorithm, chooseTarget } from "./choose-target.ts";
import type { Target } from "./target.ts";

/** The registered targets of one target group and which of them take requests. */
export class TargetGroup {
  readonly targets = new Map<string, Target>();
  algorithm: Algorithm = "round_robin";
  #routable: readonly Target[] | null = null;
  #turn = 0;

  /** To be called after any change of a target's health, address or registration. */
  changed(): void {
    this.#routable = null;
  }

  /** Undefined when no target is left besides those already tried. */
  choose(tried: ReadonlySet<Target>): Target | undefined {
    this.#routable ??= this.#listRoutable();
    this.#turn = (this.#turn + 1) % 0x7fff_ffff;
    const candidates = tried.size === 0 ? this.#routable : this.#routable.filter((target) => !tried.has(target));
    return chooseTarget(candidates, this.algorithm, this.#turn);
  }

  /**
   * The answer when no target took the connection: a bad gateway is one target's fault, without any healthy one the
   * service is not there.
   */
  unreachable(): 502 | 503 {
    const isHealthy = ({ host, health }: Target) => host !== null && health.state === "healthy";
    return this.listRegistered().some(isHealthy) ? 502 : 503;
  }

  listRegistered(): readonly Target[] {
    return [...this.targets.values()].filter(({ drainingSince }) => drainingSince === null);
  }

  /** Healthy ones; when there are none, all that are registered: the balancer fails open, as in AWS. */
  #listRoutable(): readonly Target[] {
    const reachable = this.listRegistered().filter(({ host }) => host !== null);
    const healthy = reachable.filter(({ health }) => health.state === "healthy");
    return healthy.length > 0 ? healthy : reachable;
  }
}
