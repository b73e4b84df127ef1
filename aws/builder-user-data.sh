#!/bin/bash
# First boot of the machine that an image of workers is made of: fetch the release, check it, unpack it where workers
# look for it, and stop. The deployment fills in the words between underscores. What goes wrong leaves the machine
# running, with the reason on its console: the deployment makes no image of it.
set -euo pipefail
releases="${ELASTIC_GAS_RELEASES:-/opt/elastic-gas/releases}"
mkdir -p "$releases"
cd "$releases"
stay() {
  echo "$1" >&2
  exec sleep infinity
}
trap 'stay "The image is not baked: line $LINENO failed."' ERR

# EC2's images have curl; what stands in for EC2 may have Node alone.
if command -v curl >/dev/null; then
  curl --silent --show-error --fail --retry 30 --retry-delay 2 --retry-max-time 60 --retry-all-errors \
    --connect-timeout 5 --max-time 300 --output release.tar.gz '__RELEASE_URL__'
else
  node --input-type=module -e '
    import { writeFileSync } from "node:fs";
    const response = await fetch(process.argv[1], { signal: AbortSignal.timeout(300000) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    writeFileSync("release.tar.gz", Buffer.from(await response.arrayBuffer()));' '__RELEASE_URL__'
fi
if ! echo '__RELEASE_SHA256__  release.tar.gz' | sha256sum --check --status; then
  stay 'The image is not baked: the SHA-256 of the release is not __RELEASE_SHA256__.'
fi
# Under its name only when it is whole.
rm -rf unpacking '__RELEASE_SHA256__'
mkdir unpacking
tar -xzf release.tar.gz -C unpacking
mv unpacking '__RELEASE_SHA256__'
rm release.tar.gz

# Workers of the image write what they print to CloudWatch Logs, from each boot on.
if [ "$(cat /sys/class/dmi/id/sys_vendor 2>/dev/null)" = "Amazon EC2" ]; then
  dnf install --assumeyes --quiet amazon-cloudwatch-agent
  mkdir -p /opt/aws/amazon-cloudwatch-agent/etc
  printf '%s\n' '__LOG_AGENT__' >/opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json
  systemctl enable amazon-cloudwatch-agent
fi
sync

# Each machine of the image boots as a new one. Elsewhere than on EC2 the end of this script is the end of the machine.
if [ "$(cat /sys/class/dmi/id/sys_vendor 2>/dev/null)" = "Amazon EC2" ]; then
  cloud-init clean --logs --seed
  shutdown -h now
fi
