#!/usr/bin/env bash
# `npm run deploy`, `npm run deploy:synth`, `npm run destroy`: sets up what is missing, then runs it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=start/install.sh
. start/install.sh
ensure_node_modules
ensure_deployment_packages
export PATH="$PWD/node_modules/.bin:$PATH"
case "${1:-}" in
  packages) ;; # only these
  synth) exec node --disable-warning=ExperimentalWarning aws/src/synth-main.ts ;;
  deploy)
    node --disable-warning=ExperimentalWarning start/src/build-main.ts
    exec node --disable-warning=ExperimentalWarning aws/src/deploy-main.ts "${@:2}"
    ;;
  destroy) exec node --disable-warning=ExperimentalWarning aws/src/destroy-main.ts ;;
  *)
    echo "Usage: aws/deploy.sh packages|synth|deploy [--image]|destroy" >&2
    exit 2
    ;;
esac
