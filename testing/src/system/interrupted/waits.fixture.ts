import { startTestEc2 } from "@elastic-gas/testing/local-cloud/ec2/test-ec2";
import { it } from "vitest";

it("runs an instance and waits to be interrupted", async () => {
  const ec2 = await startTestEc2();
  await ec2.run("sleep 1000");
  await Promise.withResolvers<never>().promise;
});
