#!/bin/bash
# First boot of a worker, the same on EC2 and on local-cloud: fetch the release, unpack, take or install its packages, run one role.
# The autoscaler fills in the words between underscores. When the role ends, so does the instance.
set -euo pipefail
umask 077
home="${HOME:-/root}/elastic-gas"
mkdir -p "$home"
cd "$home"

if ! command -v npm >/dev/null; then
  if command -v dnf >/dev/null; then dnf install -y nodejs npm; else apt-get update && apt-get install -y nodejs npm; fi
fi

# $1 address, $2 file; tries for a minute, for the network may come up after us.
fetch() {
  node --input-type=module -e '
    import { writeFileSync } from "node:fs";
    const [url, file] = process.argv.slice(1);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(60000) });
        if (!response.ok) throw new Error(`status ${response.status}`);
        writeFileSync(file, Buffer.from(await response.arrayBuffer()));
        break;
      } catch (error) {
        console.error(`fetching ${file}: ${error.message}`);
        if (attempt === 30) process.exit(1);
        await new Promise((resolve) => setTimeout(resolve, 2000));
      }
    }' "$1" "$2"
}
fetch '__RELEASE_URL__' release.tar.gz
fetch '__SETTINGS_URL__' settings.env
tar -xzf release.tar.gz
rm release.tar.gz

# node_modules: linked from a cache that has the same lockfile, else installed. Our own workspaces are links into this folder, never into the cache.
cache="${ELASTIC_GAS_CACHE:-/var/cache/elastic-gas}/node_modules-__LOCKFILE_HASH__"
if [ -d "$cache" ]; then
  mkdir -p node_modules/@elastic-gas
  find "$cache/" -mindepth 1 -maxdepth 1 ! -name @elastic-gas -exec ln -sfn -t node_modules {} +
  for workspace in */package.json; do ln -sfn "../../${workspace%/*}" "node_modules/@elastic-gas/${workspace%/*}"; done
else
  ONNXRUNTIME_NODE_INSTALL=skip npm install --no-save --omit=dev --no-audit --no-fund --loglevel=error
fi

code=0
./start.sh '__POOL__' || code=$?
echo "the worker ended with exit code $code"
# The instance was launched to terminate on shutdown. Elsewhere than on EC2 the end of this script is the end of the instance.
if [ "$(cat /sys/class/dmi/id/sys_vendor 2>/dev/null)" = "Amazon EC2" ]; then shutdown -h now; fi
exit "$code"
