/**
 * User data of a web worker that learns its address as on EC2 and answers "ok" on port 8000, also to health checks;
 * with `cpuMilliseconds`, requests other than those to `/healthz` use up so much CPU time first.
 */
export function webWorkerScript({ cpuMilliseconds = 0 } = {}): string {
  return `#!/bin/bash
echo started
exec node --input-type=module -e '
import { createServer } from "node:http";
const base = process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT + "/latest";
const ask = async (path, options) => (await fetch(base + path, options)).text();
const token = await ask("/api/token", { method: "PUT", headers: { "X-aws-ec2-metadata-token-ttl-seconds": "60" } });
const address = await ask("/meta-data/local-ipv4", { headers: { "X-aws-ec2-metadata-token": token } });
createServer((request, response) => {
  const before = process.cpuUsage();
  const used = () => process.cpuUsage(before).user + process.cpuUsage(before).system;
  while (request.url !== "/healthz" && used() < ${cpuMilliseconds * 1000});
  response.end("ok");
}).listen(8000, address);
'
`;
}
