import { setup } from "@elastic-gas/testing/system/mariadb";

/** The server that a test run has started, or one that goes with the measurement. */
export async function useDatabaseServer(): Promise<AsyncDisposable> {
  if (process.env.TEST_DATABASE_SERVER !== undefined) return { [Symbol.asyncDispose]: async () => {} };
  const stop = await setup();
  return {
    async [Symbol.asyncDispose]() {
      await stop();
      delete process.env.TEST_DATABASE_SERVER;
    },
  };
}
