import { isLoopback } from "@elastic-gas/shared/config";
import type { Environment } from "./environment.ts";

/**
 * The running emulator of AWS that the operator names; undefined: the embedded local-cloud. Throws, with what to do,
 * when the address is not one of this machine.
 */
export function emulatorEndpoint({ CLOUD, AWS_ENDPOINT_URL }: Environment): string | undefined {
  if (CLOUD === "aws" || AWS_ENDPOINT_URL === undefined || AWS_ENDPOINT_URL === "") return undefined;
  const url = URL.parse(AWS_ENDPOINT_URL);
  if (url === null || !/^https?:$/.test(url.protocol) || !isLoopback(url.hostname))
    throw new Error(
      `AWS_ENDPOINT_URL is ${AWS_ENDPOINT_URL}, and CLOUD=local takes an emulator of AWS on this machine only, such as http://127.0.0.1:5566. Leave it empty for the embedded local-cloud; for AWS itself set CLOUD=aws.`,
    );
  return url.origin;
}
