export interface GlacierSettings {
  /** How long a retrieval takes, by tier. Inventories take as long as Standard ones. */
  readonly retrievalSeconds: { readonly Expedited: number; readonly Standard: number; readonly Bulk: number };
  /** How many Expedited retrievals may be in progress; the next is refused with InsufficientCapacityException. */
  readonly expeditedCapacity: number;
  /** How many of the next retrievals fail when their time is over. */
  readonly failingRetrievals: number;
}

export const DEFAULT_GLACIER_SETTINGS: GlacierSettings = {
  retrievalSeconds: { Expedited: 2, Standard: 5, Bulk: 10 },
  expeditedCapacity: Number.POSITIVE_INFINITY,
  failingRetrievals: 0,
};
