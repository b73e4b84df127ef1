/** Everything about EC2 that takes time or room, with EC2's own figures or the nearest that suits one machine. */
export interface Ec2Settings {
  /** From SIGTERM to SIGKILL. */
  readonly terminationGraceSeconds: number;
  /** The same when the whole cloud closes. */
  readonly closeGraceSeconds: number;
  /** Terminated instances stay in Describe answers (an hour on EC2). */
  readonly terminatedVisibleSeconds: number;
  /** An instance's folder without the console log is removed after. */
  readonly folderSeconds: number;
  /** The console log is kept (an hour on EC2). */
  readonly consoleSeconds: number;
  readonly consoleMaxBytes: number;
  /** CPU seconds free of the quota, so that booting is not throttled... */
  readonly launchCreditCpuSeconds: number;
  /** ...and until when after the script's start: what is left over must not blur a measurement later. */
  readonly launchCreditSeconds: number;
  /** The account's limit: beyond it InstanceLimitExceeded. */
  readonly instanceLimit: number;
  /** What "the zone" has: beyond it InsufficientInstanceCapacity. */
  readonly capacity: number;
  /** Describe answers are this old; at most 300. */
  readonly describeLagSeconds: number;
  /**
   * The metadata endpoints' port, each on its instance's address; 0: any. A fixed one shows addresses that another
   * checkout uses.
   */
  readonly metadataPort: number;
  readonly quota: "auto" | "cgroup" | "pauser" | "none";
}

export const DEFAULT_EC2_SETTINGS: Ec2Settings = {
  terminationGraceSeconds: 30,
  closeGraceSeconds: 10,
  terminatedVisibleSeconds: 600,
  folderSeconds: 60,
  consoleSeconds: 3600,
  consoleMaxBytes: 4 * 1024 * 1024,
  launchCreditCpuSeconds: 20,
  launchCreditSeconds: 120,
  instanceLimit: 64,
  capacity: 64,
  describeLagSeconds: 0,
  metadataPort: 1338,
  quota: "auto",
};
