import { createServer } from "node:http";

/**
 * What everything is measured against: a Node server that reads the request and answers a small body. It tells its port
 * to its parent.
 */
const BODY = "{}";
const server = createServer((request, response) => {
  if (request.method === "GET") response.end(BODY);
  else request.resume().on("end", () => response.end(BODY));
});
server.listen(0, "127.0.0.1", () => process.send?.(server.address()));
process.on("disconnect", () => process.exit()); // its parent has gone
