export interface SubnetOptions {
  readonly subnetId: string;
  readonly availabilityZone: string;
}

export interface Subnet extends SubnetOptions {
  readonly vpcId: string;
  readonly cidrBlock: string;
  /** Host addresses, without the first (network) and last (broadcast). */
  readonly addresses: readonly string[];
}

/** Other programs expect these for themselves: localhost, and Debian's name for the machine. */
const RESERVED = new Set(["127.0.0.1", "127.0.1.1", "127.0.0.53", "127.0.0.54"]);

/** Splits the /24 of a prefix such as `127.0.10` evenly among the subnets. */
export function layOutSubnets(addressPrefix: string, vpcId: string, subnets: readonly SubnetOptions[]): Subnet[] {
  if (!/^127(\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){2}$/.test(addressPrefix)) {
    throw new Error(
      `Address prefix "${addressPrefix}" must be the first three numbers of a loopback address, such as 127.0.10.`,
    );
  }
  if (subnets.length < 1 || subnets.length > 16) throw new Error(`${subnets.length} subnets; 1 to 16 fit into a /24.`);
  const bits = Math.ceil(Math.log2(subnets.length));
  const size = 256 >> bits;
  return subnets.map((subnet, index) => {
    const first = index * size;
    const addresses = Array.from({ length: size - 2 }, (_, host) => `${addressPrefix}.${first + host + 1}`);
    return {
      ...subnet,
      vpcId,
      cidrBlock: `${addressPrefix}.${first}/${24 + bits}`,
      addresses: addresses.filter((address) => !RESERVED.has(address)),
    };
  });
}

/**
 * Free addresses in the order to try: round the subnet from the last one given, so that an address rests before its
 * next use.
 */
export function freeAddresses(subnet: Subnet, taken: ReadonlySet<string>, last: string | undefined): string[] {
  const start = last === undefined ? 0 : subnet.addresses.indexOf(last) + 1;
  return [...subnet.addresses.slice(start), ...subnet.addresses.slice(0, start)].filter(
    (address) => !taken.has(address),
  );
}

export function countUsed(subnet: Subnet, taken: ReadonlySet<string>): number {
  return subnet.addresses.filter((address) => taken.has(address)).length;
}

/** EC2's private host name of an address, such as `ip-127-0-10-5.us-east-1.compute.internal`. */
export function privateDnsName(address: string, region: string): string {
  return `ip-${address.replaceAll(".", "-")}.${region === "us-east-1" ? "ec2" : `${region}.compute`}.internal`;
}
