import fc from "fast-check";
import { expect, test } from "vitest";
import { freeAddresses, layOutSubnets, privateDnsName } from "./network.ts";

const subnets = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ subnetId: `subnet-${index}`, availabilityZone: "us-east-1a" }));

test("splits the block evenly and leaves out network and broadcast addresses", () => {
  const [first, second] = layOutSubnets("127.0.10", "vpc-1", subnets(2));
  expect(first?.cidrBlock).toBe("127.0.10.0/25");
  expect(second?.cidrBlock).toBe("127.0.10.128/25");
  expect([first?.addresses[0], first?.addresses.at(-1)]).toEqual(["127.0.10.1", "127.0.10.126"]);
  expect([second?.addresses[0], second?.addresses.at(-1)]).toEqual(["127.0.10.129", "127.0.10.254"]);
});

test("no address is in two subnets, and localhost is in none", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 16 }), fc.constantFrom("127.0.0", "127.0.1", "127.9.250"), (count, block) => {
      const all = layOutSubnets(block, "vpc-1", subnets(count)).flatMap((subnet) => subnet.addresses);
      expect(new Set(all).size).toBe(all.length);
      expect(all).not.toContain("127.0.0.1");
      expect(all).not.toContain("127.0.1.1");
    }),
  );
});

test.each(["10.0.0", "127.0", "127.0.256", "127.0.0.1", "127.0.010"])("refuses the block %s", (block) => {
  expect(() => layOutSubnets(block, "vpc-1", subnets(1))).toThrow("loopback");
});

test("addresses rest before their next use, and taken ones are left out", () => {
  const [subnet] = layOutSubnets("127.0.10", "vpc-1", subnets(16));
  if (!subnet) throw new Error("no subnet");
  expect(freeAddresses(subnet, new Set(["127.0.10.4"]), "127.0.10.2").slice(0, 2)).toEqual([
    "127.0.10.3",
    "127.0.10.5",
  ]);
  expect(freeAddresses(subnet, new Set(), "127.0.10.14")[0]).toBe("127.0.10.1");
  expect(freeAddresses(subnet, new Set(subnet.addresses), undefined)).toEqual([]);
});

test("names hosts as EC2 does", () => {
  expect(privateDnsName("127.0.10.5", "us-east-1")).toBe("ip-127-0-10-5.ec2.internal");
  expect(privateDnsName("127.0.10.5", "eu-west-1")).toBe("ip-127-0-10-5.eu-west-1.compute.internal");
});
