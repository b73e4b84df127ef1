/** What EC2 tells an instance of its end before it comes. */
export type Notice =
  /** A spot instance is taken back at that instant. */
  | { readonly kind: "spot"; readonly at: Date }
  /** It is likelier than usual to be taken back. */
  | { readonly kind: "rebalance"; readonly at: Date }
  /** Its machine is to be retired: it is stopped at that instant. */
  | { readonly kind: "retirement"; readonly at: Date };

/** Only in memory: a restart forgets them, as it ends all faults. */
export class Notices {
  readonly #of = new Map<string, Notice>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #onTakenBack: (instanceId: string) => void;

  constructor(onTakenBack: (instanceId: string) => void) {
    this.#onTakenBack = onTakenBack;
  }

  find(instanceId: string): Notice | null {
    return this.#of.get(instanceId) ?? null;
  }

  /** A spot instance ends when its time has come. */
  give(instanceId: string, notice: Notice): void {
    this.withdraw(instanceId);
    this.#of.set(instanceId, notice);
    if (notice.kind !== "spot") return;
    const timer = setTimeout(() => this.#onTakenBack(instanceId), Math.max(0, notice.at.getTime() - Date.now()));
    timer.unref();
    this.#timers.set(instanceId, timer);
  }

  withdraw(instanceId: string): void {
    clearTimeout(this.#timers.get(instanceId));
    this.#timers.delete(instanceId);
    this.#of.delete(instanceId);
  }

  withdrawAll(): void {
    for (const instanceId of [...this.#of.keys()]) this.withdraw(instanceId);
  }
}
