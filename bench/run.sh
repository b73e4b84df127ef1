#!/usr/bin/env bash
# `npm run prove` and `npm run bench`: sets up what is missing, then runs the main file of that folder below bench/src.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=start/install.sh
. start/install.sh
ensure_node_modules
export PATH="$PWD/node_modules/.bin:$PATH"
ensure_programs mariadbd:mariadb-server-core,mariadb-client-core bcftools:bcftools
ensure_browser
(ensure_programs aws:awscli python3-boto3:python3-boto3) || true # without them the tests with other AWS clients are skipped
folder=$1
shift
exec node --disable-warning=ExperimentalWarning "bench/src/$folder/main.ts" "$@"
