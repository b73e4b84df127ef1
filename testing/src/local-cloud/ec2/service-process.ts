import { createEc2Service } from "@elastic-gas/local-cloud/ec2/service";
import { CALL, encode, IMAGE_ID, testOptions } from "./test-ec2.ts";

/**
 * A process that runs the service with one instance, for tests that kill it: `service-process.ts <data folder> <quota>
 * <script>`.
 */
const [, , dataDir = "", quota = "auto", script = ""] = process.argv;
const service = await createEc2Service({
  ...(await testOptions(dataDir, { quota: quota === "pauser" ? "pauser" : "auto" })),
  // So little that a busy instance goes beyond it on any machine, whatever else that one does.
  vcpus: 0.05,
});
const { Instances } = await service.handlers.RunInstances(
  {
    ImageId: IMAGE_ID,
    MinCount: 1,
    MaxCount: 1,
    UserData: encode(script),
    InstanceInitiatedShutdownBehavior: "terminate",
  },
  CALL,
);
process.stdout.write(`${Instances?.[0]?.InstanceId}\n`);
