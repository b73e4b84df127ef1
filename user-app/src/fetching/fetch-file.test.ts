import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { isPublicAddress } from "@elastic-gas/shared/web/public-address";
import { createNameResolver } from "@elastic-gas/shared/web/resolve-name";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createFileFetcher, type FetchFileOptions, PHOTO } from "./fetch-file.ts";

describe("public addresses", () => {
  it.each(["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2001:4860:4860::8888", "::ffff:8.8.8.8"])(
    "%s is one",
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each(
    [
      [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.20",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "198.18.0.1",
      ],
      [
        "192.0.2.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
      ],
      [
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
      ],
      ["2001::1", "2001:db8::1", "100::1", "3fff::1", "5f00::1", "4000::1", "", "localhost", "127.1.2.3.4"],
    ].flat(),
  )("%s is none", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it("holds no loopback address in any of its forms", () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), fc.nat(255), (a, b, c) => {
        for (const form of [`127.${a}.${b}.${c}`, `::ffff:127.${a}.${b}.${c}`, `64:ff9b::127.${a}.${b}.${c}`]) {
          expect(isPublicAddress(form)).toBe(false);
        }
      }),
    );
  });
});

interface Server {
  readonly port: number;
  readonly origin: string;
  readonly seen: string[];
  connections: number;
}

async function serve(listener: RequestListener): Promise<Server> {
  const seen: string[] = [];
  const server = createServer((req, res) => {
    seen.push(req.url ?? "");
    listener(req, res);
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const found: Server = { port, origin: `http://127.0.0.1:${port}`, seen, connections: 0 };
  server.on("connection", () => {
    found.connections += 1;
  });
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return found;
}

/** Answers every name with the given addresses, one list after the other. */
function resolver(...answers: string[][]): FetchFileOptions["resolve"] {
  let asked = 0;
  return (_name, callback) => {
    const list = answers[Math.min(asked++, answers.length - 1)] ?? [];
    callback(
      null,
      list.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
}

/** A name server; `answer` gives the addresses of a question of type A, null nothing at all. */
async function nameServer(answer: (name: string) => readonly string[] | null): Promise<string> {
  const socket = createSocket("udp4");
  socket.on("message", (question, { port, address }) => {
    const [labels, end] = readName(question);
    const found = answer(labels.join("."));
    if (found === null) return;
    const isA = question.readUInt16BE(end) === 1;
    const records = (isA ? found : []).map((text) => Buffer.from([...A_RECORD, ...text.split(".").map(Number)]));
    const head = Buffer.from(question.subarray(0, 12));
    head.writeUInt16BE(0x8180, 2); // an answer, without error
    head.writeUInt16BE(records.length, 6);
    head.writeUInt16BE(0, 8);
    head.writeUInt16BE(0, 10);
    socket.send(Buffer.concat([head, question.subarray(12, end + 4), ...records]), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

/** The name at byte 12 (RFC 1035, section 4.1), type A, class IN, for 60 s, 4 bytes. */
const A_RECORD = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4];

/** The labels of a question's name, and where its type begins. */
function readName(question: Buffer): readonly [string[], number] {
  const labels: string[] = [];
  let at = 12;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return [labels, at + 1];
}

const fetchWith = (
  address: string,
  { maxBytes = 10_000, ...options }: FetchFileOptions & { readonly maxBytes?: number } = {},
) => createFileFetcher(PHOTO, options)(address, { signal: new AbortController().signal, maxBytes });
/** Stands for the public internet: everything on loopback but the canary's own address. */
const CANARY_FREE = { mayReach: (address: string) => address === "127.0.0.1" };

describe("fetching by address in production", () => {
  it("sends nothing to a server on loopback, however its address is written", async () => {
    const canary = await serve((_, res) => res.end("secret"));
    const hosts = [
      "127.0.0.1",
      "localhost",
      "2130706433",
      "0x7f000001",
      "0177.0.0.1",
      "127.1",
      "0",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "[::ffff:7f00:1]",
      "[64:ff9b::7f00:1]",
      "①②⑦.0.0.1",
    ];
    for (const host of hosts) {
      await expect(fetchWith(`http://${host}:${canary.port}/latest/meta-data`), host).rejects.toMatchObject({
        status: 422,
      });
    }
    expect(canary).toMatchObject({ seen: [], connections: 0 });
  });

  it("names the address that it refused", async () => {
    await expect(fetchWith("http://192.168.1.20/cam.jpg")).rejects.toThrow(
      "Only public addresses can be fetched; 192.168.1.20 is a private address.",
    );
    await expect(fetchWith("http://169.254.169.254/latest/")).rejects.toMatchObject({ status: 422 });
  });

  it("refuses names that resolve to an internal address, also beside a public one", async () => {
    const canary = await serve((_, res) => res.end("secret"));
    for (const addresses of [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"]]) {
      const fetching = fetchWith(`http://photos.example:${canary.port}/`, { resolve: resolver(addresses) });
      await expect(fetching).rejects.toThrow(/Only public addresses/);
    }
    expect(canary.connections).toBe(0);
  });

  it("asks the name servers itself, and refuses a name by what they say, without telling it", async () => {
    const canary = await serve((_, res) => res.end("secret"));
    const servers = [await nameServer((name) => (name === "none.example" ? [] : ["93.184.216.34", "10.1.2.3"]))];
    const options = { resolve: createNameResolver(servers) };
    await expect(fetchWith(`http://inside.example:${canary.port}/`, options)).rejects.toThrow(
      /^Only public addresses can be fetched; inside\.example is a private address\.$/,
    );
    await expect(fetchWith("http://none.example/", options)).rejects.toThrow("There is no public host of this name.");
    expect(canary.connections).toBe(0);
  });

  it("leaves the system's look-ups free while name servers are silent", async () => {
    const asked = new Set<string>();
    const silent = await nameServer((name) => {
      asked.add(name);
      return null;
    });
    const options = { resolve: createNameResolver([silent]) };
    const fetches = [1, 2, 3, 4, 5, 6, 7, 8].map((n) =>
      fetchWith(`http://slow-${n}.example/a.jpg`, options).catch((error: Error) => error.message),
    );
    await waitUntil("all names to be asked for", () => asked.size === fetches.length);
    expect(await Promise.race([lookup("localhost").then(() => "the look-up"), ...fetches])).toBe("the look-up");
  });

  it.each([
    "ftp://example.com/a.jpg",
    "file:///etc/passwd",
    "data:image/png;base64,AA",
    "javascript:1",
    "photo.jpg",
    "",
    "http://",
    "http://user:pw@example.com/",
  ])("refuses %s", async (address) => {
    await expect(fetchWith(address)).rejects.toMatchObject({ status: 422 });
  });
});

describe("fetching what may be reached", () => {
  it("gives the bytes and the file's name", async () => {
    const server = await serve((_, res) => res.end("picture"));
    const photo = await fetchWith(`${server.origin}/a/caf%C3%A9.jpg?size=large`, CANARY_FREE);
    expect({ ...photo, bytes: Buffer.from(photo.bytes).toString() }).toEqual({
      fileName: "café.jpg",
      bytes: "picture",
    });
  });

  it("checks the address again after a redirect", async () => {
    const canary = await serve((_, res) => res.end("secret"));
    for (const target of [
      `http://127.0.0.2:${canary.port}/`,
      `http://[::1]:${canary.port}/`,
      "http://169.254.169.254/",
      "file:///etc/passwd",
    ]) {
      const server = await serve((_, res) => res.writeHead(302, { location: target }).end());
      await expect(fetchWith(server.origin, CANARY_FREE)).rejects.toMatchObject({ status: 422 });
      expect(server.seen).toEqual(["/"]);
    }
    expect(canary.connections).toBe(0);
  });

  it("checks the address that the socket uses, so a name that changes its answer gains nothing", async () => {
    const canary = await serve((_, res) => res.end("secret"));
    const server = await serve((_, res) =>
      res.writeHead(302, { location: `http://rebind.example:${canary.port}/` }).end(),
    );
    const options = { ...CANARY_FREE, resolve: resolver(["127.0.0.1"], ["127.0.0.2"]) };
    await expect(fetchWith(`http://rebind.example:${server.port}/`, options)).rejects.toThrow(
      /rebind\.example is a private address/,
    );
    expect(canary.connections).toBe(0);
  });

  it("follows three redirects and no fourth", async () => {
    const server = await serve((req, res) => {
      const left = Number(req.url?.slice(1));
      if (left > 0) res.writeHead(302, { location: `/${left - 1}` }).end();
      else res.end("picture");
    });
    expect((await fetchWith(`${server.origin}/3`, CANARY_FREE)).bytes).toHaveLength(7);
    await expect(fetchWith(`${server.origin}/4`, CANARY_FREE)).rejects.toThrow("more than 3 times");
  });

  it("stops at the size limit, announced or not, and at the time limit", async () => {
    const server = await serve((req, res) => {
      if (req.url === "/announced") res.writeHead(200, { "content-length": "2000" }).end(Buffer.alloc(2000));
      else if (req.url === "/chunked") for (let chunk = 0; chunk < 20; chunk++) res.write(Buffer.alloc(100));
      // anything else is never answered
    });
    const limits = { ...CANARY_FREE, maxBytes: 1000, timeoutMs: 300 };
    await expect(fetchWith(`${server.origin}/announced`, limits)).rejects.toMatchObject({ status: 413 });
    await expect(fetchWith(`${server.origin}/chunked`, limits)).rejects.toMatchObject({ status: 413 });
    await expect(fetchWith(`${server.origin}/silent`, limits)).rejects.toMatchObject({
      status: 422,
      message: "The address took too long to answer.",
    });
  });

  it("says when there is no photo or no server", async () => {
    const server = await serve((_, res) => res.writeHead(404).end("not here"));
    await expect(fetchWith(server.origin, CANARY_FREE)).rejects.toThrow(/answered 404 instead of a photo/);
    const nobody = fetchWith("http://127.0.0.1:1/", CANARY_FREE);
    await expect(nobody).rejects.toMatchObject({ status: 422, message: "The address could not be reached." });
  });
});
