/** For tests: the four S3 operations that photos need, in memory, behind real HTTP and the real SDK. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { S3Client } from "@aws-sdk/client-s3";
import type { PhotoBucket } from "@elastic-gas/user-app/masks/photo-store";

export interface StoredObject {
  readonly body: Buffer;
  readonly contentType: string | undefined;
  readonly encryption: string | undefined;
  modifiedAt: Date;
}

export interface ObjectServer extends AsyncDisposable {
  readonly photos: PhotoBucket;
  /** By key. */
  readonly objects: Map<string, StoredObject>;
  /** When it returns true, the request is answered with an internal error. */
  failWhen: (method: string, key: string) => boolean;
}

export async function startObjectServer(): Promise<ObjectServer> {
  const objects = new Map<string, StoredObject>();
  const control = { failWhen: (_method: string, _key: string): boolean => false };
  const server = createServer(async (req, res) => {
    const url = new URL(req.url ?? "/", "http://s3");
    const key = decodeURIComponent(url.pathname.split("/").slice(2).join("/"));
    const body = await readAll(req);
    const method = req.method ?? "";
    const answer = (status: number, content: string | Buffer = "") =>
      void res.writeHead(status, { "content-length": Buffer.byteLength(content) }).end(content);
    if (control.failWhen(method, key)) {
      answer(500, "<Error><Code>InternalError</Code><Message>told to fail</Message></Error>");
    } else if (method === "PUT") {
      const encryption = req.headers["x-amz-server-side-encryption"]?.toString();
      objects.set(key, { body, contentType: req.headers["content-type"], encryption, modifiedAt: new Date() });
      answer(200);
    } else if (method === "GET" && url.searchParams.has("list-type")) {
      const contents = [...objects].map(
        ([name, object]) =>
          `<Contents><Key>${name}</Key><LastModified>${object.modifiedAt.toISOString()}</LastModified></Contents>`,
      );
      answer(200, `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join("")}</ListBucketResult>`);
    } else if (method === "GET") {
      const object = objects.get(key);
      if (object) answer(200, object.body);
      else answer(404, "<Error><Code>NoSuchKey</Code></Error>");
    } else if (method === "POST" && url.searchParams.has("delete")) {
      for (const [, name = ""] of body.toString().matchAll(/<Key>([^<]+)<\/Key>/g)) objects.delete(name);
      answer(200, "<DeleteResult/>");
    } else {
      answer(501);
    }
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const s3 = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  return Object.assign(control, {
    photos: { s3, bucket: "test-images", prefix: "test" },
    objects,
    async [Symbol.asyncDispose]() {
      s3.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function readAll(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks);
}
