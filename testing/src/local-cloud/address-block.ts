import { findFreePort } from "@elastic-gas/shared/free-port";

/**
 * The beginning of addresses for the instances of one cloud: no other test on this machine gets it while this process
 * runs, as it comes from a free port.
 */
export async function findAddressBlock(): Promise<string> {
  return blockOfPort(await findFreePort());
}

/** Ports end at 29 999, so the second number ends at 181. */
export function blockOfPort(port: number): string {
  return `127.${64 + (port >> 8)}.${port & 255}`;
}
