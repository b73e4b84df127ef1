import ipaddr from "ipaddr.js";

/**
 * True for addresses on the public internet. Whatever is not plainly public is refused: private and loopback ranges,
 * link-local (the metadata service), shared and reserved ranges, and IPv6 ranges that carry an IPv4 address within
 * (NAT64, 6to4, Teredo). An IPv4-mapped address counts as the IPv4 address.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  // ipaddr.js names every special range of IANA's registries; "unicast" is what remains.
  if (parsed.range() !== "unicast") return false;
  return parsed.kind() === "ipv4" || isGlobalUnicast(parsed.toByteArray());
}

/** 2000::/3, the only part of IPv6 that is handed out for the internet. */
function isGlobalUnicast([first = 0]: readonly number[]): boolean {
  return first >> 5 === 1;
}
