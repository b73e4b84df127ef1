/** The instant under the cross-hair, shared by all charts of a page; null = now. */
export interface Cursor {
  readonly at: number | null;
  set(at: number | null): void;
  /** Calls back on every change; returns what ends that. */
  onChange(listener: () => void): () => void;
}

export function createCursor(): Cursor {
  const listeners = new Set<() => void>();
  let current: number | null = null;
  let scheduled = false;
  return {
    get at() {
      return current;
    },
    set(at) {
      if (at === current) return;
      current = at;
      if (scheduled) return;
      scheduled = true;
      requestAnimationFrame(() => {
        scheduled = false;
        for (const listener of listeners) listener();
      });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
