import type { S3Client } from "@aws-sdk/client-s3";
import type { PasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import type { RateLimitStore } from "@elastic-gas/shared/accounts/rate-limit";
import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import type { OutboxSender } from "@elastic-gas/shared/reliability/outbox";
import type { Resources } from "@elastic-gas/shared/resources";
import type { Downloads } from "./downloads.ts";
import type { SendPage } from "./pages.ts";

/** What the app is built from; `app.ts` adds the page sender and hands the whole to every capability. */
export interface AppParts {
  readonly config: Config;
  readonly resources: Resources;
  readonly db: Database;
  readonly rateLimits: RateLimitStore;
  /** For calls that this process makes. */
  readonly s3: S3Client;
  readonly downloads: Downloads;
  /** Only for signing what a browser will call: it knows the address that browsers use. */
  readonly browserS3: S3Client;
  readonly outbox: OutboxSender;
  readonly passwords: PasswordVerifier;
  readonly log: Logger;
  readonly now?: () => Date;
}

export interface Deps extends AppParts {
  readonly sendPage: SendPage;
  readonly now: () => Date;
  /** Work that goes on after its answer was sent (a mail); the process waits for it before it ends. */
  readonly inBackground: (what: string, work: () => Promise<void>) => void;
}
