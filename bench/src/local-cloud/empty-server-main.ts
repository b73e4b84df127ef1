import { createServer } from "node:http";

/**
 * What small calls are measured against: a Node server that reads the request and answers a small body. It tells its
 * port to its parent, and for each message how many POSTs have come.
 */
const BODY = "{}";
let posts = 0;
// As the product's own servers: longer than the balancer keeps its connections.
const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  if (request.method === "POST") posts += 1;
  if (request.method === "GET") response.end(BODY);
  else request.resume().on("end", () => response.end(BODY));
});
server.listen(0, "127.0.0.1", () => process.send?.(server.address()));
process.on("message", () => process.send?.({ posts }));
process.on("disconnect", () => process.exit()); // its parent has gone
