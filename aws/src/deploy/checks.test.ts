import { expect, it } from "vitest";
import { readOptions } from "../options.ts";
import { assess, type Facts, mayDeploy } from "./checks.ts";

const known = <Value>(value: Value) => ({ kind: "known" as const, value });
const unknown = { kind: "unknown" as const, why: "no answer" };
const OPTIONS = readOptions({
  CERTIFICATE_ARN: "arn:aws:acm:us-east-1:123456789012:certificate/1",
  DOMAIN_NAME: "gas.example.org",
  ADMIN_CIDR: "198.51.100.0/24",
  MAIL_FROM: "gas@lab.test",
});
const GOOD: Facts = {
  account: known({ id: "123456789012", arn: "arn:aws:iam::123456789012:user/ann" }),
  vcpus: known(64),
  networks: known([
    { what: "VPCs", used: 1, most: 5 },
    { what: "Elastic IP addresses", used: 0, most: 5 },
  ]),
  instanceTypes: known([{ type: "t3.small", vcpus: 2, architectures: ["x86_64"] }]),
  certificate: known({ status: "ISSUED", names: ["gas.example.org"] }),
  mail: known({ isSandbox: false, perDay: 50_000, isSenderConfirmed: true, isSenderTaken: false }),
  stripe: known({
    hasPrice: true,
    hasWebhookSecret: true,
    webhooks: [{ url: "https://gas.example.org/stripe/webhook", isEnabled: true }],
  }),
  platform: { os: "linux", arch: "x64" },
};

it("finds nothing to say against a good account", () => {
  expect(assess(OPTIONS, GOOD).map(({ level }) => level)).toEqual(Array(9).fill("ok"));
});

it.each<[string, Partial<Facts>, RegExp]>([
  ["nobody who asks", { account: unknown }, /no answer/],
  ["a machine that packs for another platform", { platform: { os: "darwin", arch: "arm64" } }, /darwin arm64/],
  [
    "a machine type that the region does not offer",
    { instanceTypes: known([]) },
    /(WORKER|MANAGER)_INSTANCE_TYPE is t3\.small, which us-east-1 does not offer/,
  ],
  [
    "a machine type for another processor",
    { instanceTypes: known([{ type: "t3.small", vcpus: 2, architectures: ["arm64"] }]) },
    /_INSTANCE_TYPE is t3\.small, a machine for arm64.*x86_64/,
  ],
  [
    "a region that has no VPC left",
    { networks: known([{ what: "VPCs", used: 5, most: 5 }]) },
    /5 of 5 VPCs are in use in us-east-1.*Service Quotas/,
  ],
  ["a certificate that cannot be read", { certificate: unknown }, /same region/],
  [
    "a certificate that is not issued",
    { certificate: known({ status: "PENDING_VALIDATION", names: [] }) },
    /PENDING_VALIDATION/,
  ],
  [
    "a certificate of another name",
    { certificate: known({ status: "ISSUED", names: ["www.example.org"] }) },
    /www\.example\.org/,
  ],
  [
    "a sender whose identity is not this installation's",
    { mail: known({ isSandbox: false, perDay: 9, isSenderConfirmed: true, isSenderTaken: true }) },
    /another address/,
  ],
  ["a key that Stripe refuses", { stripe: unknown }, /STRIPE_SECRET_KEY/],
  [
    "a price that Stripe does not know",
    { stripe: known({ hasPrice: false, hasWebhookSecret: true, webhooks: [] }) },
    /STRIPE_PRICE_ID/,
  ],
])("stops at %s, and says what to do", (_, change, sentence) => {
  const findings = assess(OPTIONS, { ...GOOD, ...change });
  expect(mayDeploy(findings)).toBe(false);
  const stops = findings.filter(({ level }) => level === "stop");
  // The worker and the manager have the same type here.
  expect(stops).toHaveLength("instanceTypes" in change ? 2 : 1);
  for (const stop of stops) expect(stop.sentence).toMatch(sentence);
});

it.each<[string, Partial<Facts>, RegExp]>([
  ["a quota below what all pools need", { vcpus: known(16) }, /16 vCPUs.*42/],
  [
    "a quota below what larger machines need",
    { instanceTypes: known([{ type: "t3.small", vcpus: 8, architectures: ["x86_64"] }]) },
    /64 vCPUs.*168/,
  ],
  ["instance types that cannot be looked up", { instanceTypes: unknown }, /instance types could not be looked up/],
  ["a quota that cannot be read", { vcpus: unknown }, /42 vCPUs/],
  ["quotas of the network that cannot be read", { networks: unknown }, /VPCs and Elastic IP addresses.*one of each/],
  ["no certificate", { certificate: known(null) }, /plain HTTP/],
  [
    "the sandbox of SES",
    { mail: known({ isSandbox: true, perDay: 200, isSenderConfirmed: true, isSenderTaken: false }) },
    /sandbox.*200 a day/,
  ],
  [
    "a sender that is not confirmed",
    { mail: known({ isSandbox: false, perDay: 9, isSenderConfirmed: false, isSenderTaken: false }) },
    /not confirmed/,
  ],
  ["no Stripe keys", { stripe: known(null) }, /Premium/],
  [
    "no webhook",
    { stripe: known({ hasPrice: true, hasWebhookSecret: true, webhooks: [] }) },
    /https:\/\/gas\.example\.org\/stripe\/webhook/,
  ],
])("goes on with %s, and says what follows", (_, change, sentence) => {
  const findings = assess(OPTIONS, { ...GOOD, ...change });
  expect(mayDeploy(findings)).toBe(true);
  expect(findings.filter(({ level }) => level === "note").map((finding) => finding.sentence)).toEqual([
    expect.stringMatching(sentence),
  ]);
});

it("takes a certificate with a wildcard for one label only", () => {
  const levelOf = (DOMAIN_NAME: string) =>
    assess(
      { ...OPTIONS, DOMAIN_NAME },
      { ...GOOD, certificate: known({ status: "ISSUED", names: ["*.example.org"] }) },
    )[5]?.level;
  expect([levelOf("gas.example.org"), levelOf("a.gas.example.org"), levelOf("example.org")]).toEqual([
    "ok",
    "stop",
    "stop",
  ]);
});

it("counts no VPC for an installation that is there", () => {
  const sentences = assess(OPTIONS, { ...GOOD, networks: known([]) }).map(({ sentence }) => sentence);
  expect(sentences.filter((sentence) => /VPC|Elastic/.test(sentence))).toEqual([]);
});

it("says that the dashboard is open to everybody", () => {
  expect(assess({ ...OPTIONS, ADMIN_CIDR: "0.0.0.0/0" }, GOOD).at(-1)).toMatchObject({ level: "note" });
});

it("stops at the sender of the example, whom nobody can confirm", () => {
  const findings = assess({ ...OPTIONS, MAIL_FROM: "gas@example.org" }, GOOD);
  expect(findings.filter(({ level }) => level === "stop")).toEqual([
    { level: "stop", sentence: expect.stringMatching(/MAIL_FROM is gas@example\.org/) },
  ]);
});

it("says once that AWS does not answer", () => {
  const silent = {
    ...GOOD,
    account: unknown,
    vcpus: unknown,
    networks: unknown,
    instanceTypes: unknown,
    certificate: unknown,
    mail: unknown,
  };
  expect(
    assess(OPTIONS, silent)
      .map(({ sentence }) => sentence)
      .filter((sentence) => sentence.includes("no answer")),
  ).toHaveLength(1);
});
