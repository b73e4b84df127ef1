#!/usr/bin/env bash
# `npm test`: sets up what is missing and runs all tests, beside the checks of format, lint and types.
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

mkdir -p .test-results
failed=0
check() {
  if (npm run -s check && bash start/check-shell.sh) >.test-results/check.log 2>&1; then
    echo "Checked: format, lint, boundaries, unused code, types, shell."
  else
    cat .test-results/check.log
    return 1
  fi
}

# What runs in the background has a process group of its own, which ends as a whole.
set -m
checks=""
if [ $# -eq 0 ]; then
  check &
  checks=$!
fi
# Every process that a test starts takes what another has compiled.
export NODE_COMPILE_CACHE="$PWD/.test-results/compile-cache"
rm -f .test-results/vitest.json
# In the background, so that a signal is handled at once: vitest, the MariaDB server and the other programs that tests
# started.
vitest run --reporter=default --reporter=json --outputFile.json=.test-results/vitest.json "$@" &
tests=$!
set +m
interrupted=""
trap 'echo "Interrupted."; interrupted=1; failed=1; kill -TERM -- "-$tests" ${checks:+"-$checks"} 2>/dev/null || true' INT TERM
# wait ends early when a signal comes.
while kill -0 "$tests" 2>/dev/null; do wait "$tests" || failed=1; done
if [ -n "$checks" ] && ! wait "$checks"; then
  failed=1
  [ -n "$interrupted" ] || echo "The checks failed; npm run check says of what."
fi
node start/src/count-tests.ts .test-results/vitest.json "$failed"
