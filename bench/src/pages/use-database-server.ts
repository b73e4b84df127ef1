import { startDatabaseServer } from "@elastic-gas/testing/system/mariadb";

/** The server that a test run has started, or one that goes with the measurement and is as durable as the product's. */
export async function useDatabaseServer(): Promise<AsyncDisposable> {
  if (process.env.TEST_DATABASE_SERVER !== undefined) return { [Symbol.asyncDispose]: async () => {} };
  const stop = await startDatabaseServer({ disposable: false });
  return {
    async [Symbol.asyncDispose]() {
      await stop();
      delete process.env.TEST_DATABASE_SERVER;
    },
  };
}
