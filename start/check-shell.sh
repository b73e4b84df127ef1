#!/usr/bin/env bash
# Parses every shell script of the project.
set -euo pipefail
for script in start.sh start/*.sh aws/*.sh manager/*.sh bench/*.sh .ci/run; do bash -n "$script"; done
