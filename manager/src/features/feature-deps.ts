import type { EC2Client } from "@aws-sdk/client-ec2";
import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import type { Resources } from "@elastic-gas/shared/resources";
import type { Watcher } from "../read/watcher.ts";

/** What the actions share, whether a page, the API or the command line asks for them. */
export interface FeatureDeps {
  readonly db: Database;
  readonly ec2: EC2Client;
  readonly config: Config;
  readonly resources: Resources;
  readonly log: Logger;
  readonly watcher: Watcher;
  readonly now: () => number;
}

/** What came of a request for a change, for whoever made it. */
export interface Outcome {
  readonly done: boolean;
  /** What happened, or why not. */
  readonly sentence: string;
}
