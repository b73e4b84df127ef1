import { GetEmailIdentityCommand, SESv2Client, SendEmailCommand } from "@aws-sdk/client-sesv2";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { afterAll, beforeAll, expect, test } from "vitest";

let cloud: TestCloud;
let ses: SESv2Client;

beforeAll(async () => {
  cloud = await startTestCloud();
  ses = new SESv2Client(cloud.clientConfig);
});
afterAll(async () => {
  ses.destroy();
  await cloud[Symbol.asyncDispose]();
});

function send(to: string, subject: string, { text, html }: { text?: string; html?: string } = {}) {
  const Body = {
    ...(text === undefined ? {} : { Text: { Data: text } }),
    ...(html === undefined ? {} : { Html: { Data: html } }),
  };
  return ses.send(
    new SendEmailCommand({
      FromEmailAddress: "gas@example.org",
      Destination: { ToAddresses: [to] },
      Content: { Simple: { Subject: { Data: subject }, Body } },
    }),
  );
}

async function messagesTo(to: string): Promise<unknown> {
  return (await fetch(`${cloud.endpoint}/_mail/messages.json?to=${encodeURIComponent(to)}`)).json();
}

test("a simple mail is captured with all that a test needs", async () => {
  const { MessageId } = await send("Ann <ann@example.org>", "Your job is done", {
    text: "See http://x/y",
    html: "<b>done</b>",
  });
  await send("bob@example.org", "Other", { text: "x" });
  expect(await messagesTo("ANN@example.org")).toEqual([
    {
      id: MessageId,
      from: "gas@example.org",
      to: ["Ann <ann@example.org>"],
      subject: "Your job is done",
      text: "See http://x/y",
      html: "<b>done</b>",
      sentAt: expect.stringMatching(/Z$/),
    },
  ]);
});

test("a raw mail is read as MIME", async () => {
  const raw = [
    "From: GAS <gas@example.org>",
    'To: "Doe, Jo" <jo@example.org>, max@example.org',
    "Subject: =?utf-8?B?R3LDvMOfZQ==?= =?utf-8?Q?_da?=",
    'Content-Type: multipart/alternative; boundary="b1"',
    "",
    "--b1",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    "Gr=C3=BC=C3=9Fe =",
    "dich",
    "--b1",
    "Content-Type: text/html; charset=iso-8859-1",
    "Content-Transfer-Encoding: base64",
    "",
    Buffer.from("<p>Grüße</p>", "latin1").toString("base64"),
    "--b1--",
    "",
  ].join("\r\n");
  await ses.send(new SendEmailCommand({ Content: { Raw: { Data: Buffer.from(raw) } } }));
  expect(await messagesTo("max@example.org")).toMatchObject([
    {
      from: "GAS <gas@example.org>",
      to: ['"Doe, Jo" <jo@example.org>', "max@example.org"],
      subject: "Grüße da",
      text: "Grüße dich",
      html: "<p>Grüße</p>",
    },
  ]);
});

test("what users wrote cannot run on the pages", async () => {
  const { MessageId } = await send("eve@example.org", "<script>alert(1)</script>", {
    text: "<img onerror=x>",
    html: "<script>alert(2)</script>",
  });
  const list = await fetch(`${cloud.endpoint}/_mail?to=eve@example.org`);
  const view = await fetch(`${cloud.endpoint}/_mail/${MessageId}`);
  const body = await fetch(`${cloud.endpoint}/_mail/${MessageId}/html`);
  const pages = `${await list.text()}${await view.text()}`;
  expect(pages).not.toMatch(/<script|<img/);
  expect(pages).toContain("&lt;script>");
  expect(pages).toContain('<iframe sandbox="allow-popups"');
  for (const { headers } of [list, view, body]) {
    expect(headers.get("content-security-policy")).toMatch(/default-src 'none'.*sandbox (?!.*allow-scripts)/);
  }
});

test.each([
  ["without a recipient", { Destination: {} }],
  ["to a malformed address", { Destination: { ToAddresses: ["nobody"] } }],
  ["without a body", { Content: { Simple: { Subject: { Data: "x" }, Body: {} } } }],
])("a mail %s is refused", async (_name, change) => {
  const Simple = { Subject: { Data: "x" }, Body: { Text: { Data: "y" } } };
  const command = new SendEmailCommand({
    FromEmailAddress: "gas@example.org",
    Destination: { ToAddresses: ["refused@example.org"] },
    Content: { Simple },
    ...change,
  });
  await expect(ses.send(command)).rejects.toMatchObject({ name: "BadRequestException" });
  expect(await messagesTo("refused@example.org")).toEqual([]);
});

test("other operations say that they are not implemented", async () => {
  await expect(ses.send(new GetEmailIdentityCommand({ EmailIdentity: "a@b" }))).rejects.toMatchObject({
    name: "NotImplemented",
    $metadata: { httpStatusCode: 501 },
  });
});

test("a page of another site changes nothing and reads nothing through a foreign host name", async () => {
  const post = (headers: Record<string, string>) => fetch(`${cloud.endpoint}/_mail`, { method: "POST", headers });
  expect((await post({ origin: "http://evil.example" })).status).toBe(403);
  expect((await post({ "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect((await post({ origin: cloud.endpoint })).status).toBe(405);
});
