import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { SenderGone } from "../../web/sender-gone.ts";
import { type Form, readForm } from "./multipart.ts";

/** Reads the form of the first request. */
async function readOne(): Promise<{ port: number; outcome: () => Form | Error | undefined }> {
  let outcome: Form | Error | undefined;
  const server = createServer(async (req: IncomingMessage, res) => {
    try {
      outcome = await readForm(req);
    } catch (error) {
      outcome = error instanceof Error ? error : new Error(String(error));
    }
    res.end("done");
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, outcome: () => outcome };
}

async function send(body: BodyInit): Promise<Form | Error | undefined> {
  const { port, outcome } = await readOne();
  await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body });
  return outcome();
}

it.each([
  {
    kind: "multipart/form-data; boundary=b",
    start: '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf',
  },
  { kind: "application/x-www-form-urlencoded", start: "username=ta&pass" },
])("ends when the sender leaves in the middle of a $kind body", async ({ kind, start }) => {
  const { port, outcome } = await readOne();
  const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${kind}\r\nContent-Length: 100000\r\n\r\n`;
  const socket = connect(port, "127.0.0.1", () => socket.write(head + start, () => socket.destroy()));
  expect(await waitUntil("the form is given up", outcome)).toBeInstanceOf(SenderGone);
});

it("gives fields and file whatever their order and content", async () => {
  const field = fc.record({
    name: fc.constantFrom("username", "password"),
    value: fc.string({ maxLength: 40, unit: "binary" }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(field, { maxLength: 3 }),
      fc.uint8Array({ minLength: 1, maxLength: 2_000 }),
      fc.nat(3),
      async (fields, bytes, at) => {
        const form = new FormData();
        const file = () => form.append("file", new Blob([Uint8Array.from(bytes)]), "é.jpg");
        for (const [index, { name, value }] of fields.entries()) {
          if (index === at) file();
          form.append(name, value);
        }
        if (at >= fields.length) file();
        const read = await send(form);
        if (read === undefined || read instanceof Error) throw read ?? new Error("no form");
        expect(Buffer.from((await read.file?.read()) ?? []).equals(Buffer.from(bytes))).toBe(true);
        await read[Symbol.asyncDispose]();
        expect(read.file?.fileName).toBe("é.jpg");
        // Forms write line ends as CRLF and lone surrogates as U+FFFD.
        const sent = (value: string) => value.replace(/\r\n|\r|\n/g, "\r\n").toWellFormed();
        for (const { name } of fields) {
          expect(read.fields.get(name)).toBe(sent(fields.find((one) => one.name === name)?.value ?? ""));
        }
      },
    ),
    { numRuns: 30 },
  );
});

it("ignores files under other names and keeps the first of several", async () => {
  const form = new FormData();
  form.append("other", new Blob(["no"]), "no.jpg");
  form.append("file", new Blob(["first"]), "first.jpg");
  form.append("file", new Blob(["second"]), "second.jpg");
  const read = await send(form);
  if (read === undefined || read instanceof Error) throw read ?? new Error("no form");
  expect(read.file?.fileName).toBe("first.jpg");
  expect(Buffer.from((await read.file?.read()) ?? []).toString()).toBe("first");
  await read[Symbol.asyncDispose]();
});

it("refuses forms of too many parts and fields that are too long", async () => {
  const many = new FormData();
  for (let part = 0; part < 60; part++) many.append(`field ${part}`, "x");
  expect(await send(many)).toMatchObject({ status: 413 });
  const long = new FormData();
  long.append("username", "x".repeat(9_000));
  expect(await send(long)).toMatchObject({ status: 413 });
  expect(await send(new URLSearchParams({ username: "x".repeat(200_000) }))).toMatchObject({ status: 413 });
});

it("refuses at once what is too much beside what is on its way already, and takes it afterwards", async () => {
  const outcomes: (Form | Error)[] = [];
  const server = createServer(async (req, res) => {
    const outcome = await readForm(req).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
    outcomes.push(outcome);
    res.end("done");
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const head =
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9900000\r\n\r\n";
  const begin = () => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`${head}--b\r\n`));
    socket.on("error", () => {});
    return socket;
  };
  // 60 bodies of 9.9 MB are announced and none comes: 25 have room.
  const sockets = Array.from({ length: 60 }, begin);
  await waitUntil("35 are refused", () => outcomes.length === 35);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 503 });
  for (const socket of sockets) socket.destroy();
  await waitUntil("the others are given up", () => outcomes.length === 60);
  const form = new FormData();
  form.append("file", new Blob([new Uint8Array(1_000)]), "a.jpg");
  expect((await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: form })).status).toBe(200);
  expect(outcomes.at(-1)).toMatchObject({ file: { fileName: "a.jpg" } });
});
