#!/bin/bash
# First boot of the manager's machine: fetch its release, check it, unpack it, run start.sh as a service. The deployment
# fills in the words between underscores. The version of the operator's keys is one of them: changed keys, which start.sh
# reads from Secrets Manager, make another machine.
# Keys: __KEYS__
set -euo pipefail
home=/opt/elastic-gas
useradd --system --home-dir /var/lib/elastic-gas --create-home elastic-gas || true
mkdir -p "$home" /etc/elastic-gas

cat >/etc/elastic-gas/settings.env <<'SETTINGS'
__SETTINGS__
SETTINGS

cd "$home"
# The right to read it may come a little after the machine; Amazon Linux brings the aws command.
for attempt in $(seq 30); do
  if aws s3 cp --only-show-errors --region '__REGION__' 's3://__BUCKET__/releases/__SHA256__.tar.gz' release.tar.gz; then break; fi
  if [ "$attempt" = 30 ]; then
    echo 'The release __SHA256__ could not be fetched from the bucket __BUCKET__. Deploy again.' >&2
    exit 1
  fi
  sleep 5
done
if ! echo '__SHA256__  release.tar.gz' | sha256sum --check --status; then
  echo 'The release is not the one that was deployed: its SHA-256 is not __SHA256__. Nothing of it runs.' >&2
  exit 1
fi
tar -xzf release.tar.gz
rm release.tar.gz

cat >/etc/systemd/system/elastic-gas.service <<'UNIT'
[Unit]
Description=Elastic GAS: manager and autoscaler
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
User=elastic-gas
WorkingDirectory=/opt/elastic-gas
EnvironmentFile=/etc/elastic-gas/settings.env
ExecStart=/opt/elastic-gas/start.sh
# After the stop button it ends by itself, with 0, and the machine stops.
Restart=on-failure
RestartSec=5
TimeoutStopSec=90
# aws ec2 get-console-output shows it where nobody can sign in to the machine.
StandardOutput=journal+console
StandardError=journal+console
NoNewPrivileges=true
ProtectSystem=strict
ReadWritePaths=/var/lib/elastic-gas
PrivateTmp=true

[Install]
WantedBy=multi-user.target
UNIT
# The parts' own logs are rotated by start.sh; this bounds what it prints itself.
mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\nSystemMaxUse=200M\n' >/etc/systemd/journald.conf.d/elastic-gas.conf
systemctl restart systemd-journald
systemctl daemon-reload
systemctl enable --now elastic-gas.service

# Amazon Linux's packages come from S3. Without the agent the logs are on the machine alone.
agent=/opt/aws/amazon-cloudwatch-agent
if dnf install --assumeyes --quiet amazon-cloudwatch-agent && mkdir -p "$agent/etc" &&
  printf '%s\n' '__LOGAGENT__' >"$agent/etc/amazon-cloudwatch-agent.json"; then
  systemctl enable --now amazon-cloudwatch-agent
else
  echo 'The CloudWatch agent could not be installed: no logs in CloudWatch Logs.' >&2
fi
