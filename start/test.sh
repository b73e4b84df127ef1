#!/usr/bin/env bash
# `npm test`: sets up what is missing, checks format, lint and types and runs all tests.
# The last line is `N passed, N failed`, also of an interrupted run. Arguments go to vitest and leave out the checks:
# `npm test -- autoscaler`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=start/install.sh
. start/install.sh
ensure_node_modules
ensure_deployment_packages
export PATH="$PWD/node_modules/.bin:$PATH"
ensure_programs mariadbd:mariadb-server-core,mariadb-client-core bcftools:bcftools
ensure_browser
# Only the tests with other AWS clients need these: where they cannot be had, those are skipped and say so.
(ensure_programs aws:awscli python3-boto3:python3-boto3) || true

failed=0
if [ $# -eq 0 ]; then
  npm run -s check || failed=1
  bash start/check-shell.sh || failed=1
fi
mkdir -p .test-results
# Every process that a test starts takes what another has compiled.
export NODE_COMPILE_CACHE="$PWD/.test-results/compile-cache"
rm -f .test-results/vitest.json
# In the background, so that a signal is handled at once, and with a process group of its own, which ends as a whole:
# vitest, the MariaDB server and the other programs that tests started.
set -m
vitest run --reporter=default --reporter=json --outputFile.json=.test-results/vitest.json "$@" &
tests=$!
set +m
trap 'echo "Interrupted."; failed=1; kill -TERM -- "-$tests" 2>/dev/null || true' INT TERM
# wait ends early when a signal comes.
while kill -0 "$tests" 2>/dev/null; do wait "$tests" || failed=1; done
node start/src/count-tests.ts .test-results/vitest.json "$failed"
