import { type ClientOptions, createAwsClient } from "@elastic-gas/shared/aws/clients";
import { readConfig } from "@elastic-gas/shared/config";
import type { RunningSystem } from "./system.ts";

/** An SDK client for the cloud of a running system, with the key that lies in its data folder. */
export async function clientOf<Client>(
  Constructor: new (options: ClientOptions) => Client,
  { cloudUrl, dataDir, databaseUrl, prefix }: RunningSystem,
): Promise<Client> {
  const config = readConfig({
    AWS_ENDPOINT_URL: cloudUrl,
    DATA_DIR: dataDir,
    DATABASE_URL: await databaseUrl(),
    PREFIX: prefix,
  });
  return createAwsClient(Constructor, config);
}
