import { createReadStream, createWriteStream } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";

/**
 * What large objects are measured against: a Node server that streams what it is sent to a file, synced and renamed,
 * and streams it back; nothing is checked or written down. It tells its port to its parent.
 */
const [, , folder = ""] = process.argv;
const PIECE_BYTES = 256 * 1024; // as local-cloud reads
let count = 0;

const server = createServer((request, response) => {
  const path = join(folder, basename(new URL(request.url ?? "/", "http://localhost").pathname));
  const done = request.method === "PUT" ? store(path, request, response) : send(path, response);
  done.catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(0, "127.0.0.1", () => process.send?.(server.address()));
process.on("disconnect", () => process.exit()); // its parent has gone

async function store(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  count += 1;
  const temporary = `${path}.${count}`;
  await pipeline(request, createWriteStream(temporary, { flush: true })); // flush: synced before it is closed
  await rename(temporary, path);
  response.end("{}");
}

async function send(path: string, response: ServerResponse): Promise<void> {
  const { size } = await stat(path);
  response.writeHead(200, { "Content-Length": size });
  createReadStream(path, { highWaterMark: PIECE_BYTES }).pipe(response);
}
