#!/bin/bash
# First boot of a worker, the same on EC2 and on local-cloud: fetch the release, check it, unpack it, run one role. It
# reaches S3 and nothing else: no package registry. The autoscaler fills in the words between underscores. When the role
# ends, so does the instance.
set -euo pipefail
umask 077
home="${HOME:-/root}/elastic-gas"
mkdir -p "$home"
cd "$home"

# $1 address, $2 file; tries for a minute, for the network may come up after us. EC2's images have curl, and Node comes
# with the release.
fetch() {
  if command -v curl >/dev/null; then
    curl --silent --show-error --fail --retry 30 --retry-delay 2 --retry-max-time 60 --retry-all-errors \
      --connect-timeout 5 --max-time 300 --output "$2" "$1"
    return
  fi
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
# An image may hold it already, checked when the image was baked.
baked="${ELASTIC_GAS_RELEASES:-/opt/elastic-gas/releases}/__RELEASE_SHA256__"
if [ -d "$baked" ]; then
  cd "$baked"
  fetch '__SETTINGS_URL__' settings.env
else
  fetch '__RELEASE_URL__' release.tar.gz
  if ! echo '__RELEASE_SHA256__  release.tar.gz' | sha256sum --check --status; then
    echo 'The release is not the one that was published: its SHA-256 is not __RELEASE_SHA256__. Nothing of it runs.' >&2
    exit 1
  fi
  fetch '__SETTINGS_URL__' settings.env
  tar -xzf release.tar.gz
  rm release.tar.gz
fi

# A release for AWS has its packages. On one machine they are linked from the checkout, our own workspaces into this
# folder, and workers share what Node has compiled.
if [ ! -d node_modules ]; then
  shared="${ELASTIC_GAS_CACHE:-/var/cache/elastic-gas}"
  cache="$shared/node_modules-__LOCKFILE_HASH__"
  if [ ! -d "$cache" ]; then
    echo "The release has no packages, and $cache is not there. Publish it with its packages." >&2
    exit 1
  fi
  mkdir -p node_modules/@elastic-gas
  find "$cache/" -mindepth 1 -maxdepth 1 ! -name @elastic-gas -exec ln -sfn -t node_modules {} +
  for workspace in */package.json; do ln -sfn "../../${workspace%/*}" "node_modules/@elastic-gas/${workspace%/*}"; done
  mkdir -p .data/cache "$shared/compiled"
  ln -sfn "$shared/compiled" .data/cache/compiled
fi

code=0
./start.sh '__POOL__' || code=$?
echo "the worker ended with exit code $code"
# The instance was launched to terminate on shutdown. Elsewhere than on EC2 the end of this script is the end of the
# instance.
if [ "$(cat /sys/class/dmi/id/sys_vendor 2>/dev/null)" = "Amazon EC2" ]; then shutdown -h now; fi
exit "$code"
