#!/usr/bin/env bash
# `npm run deploy`, `npm run deploy:synth`, `npm run destroy`: sets up what is missing, then runs it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
usage="npm run deploy [-- --image]   puts the system into an AWS account, or brings the one there up to date; asks first
                              --image: workers boot from a machine image that it makes
npm run deploy:synth          writes the CloudFormation templates to aws/dist, without AWS
npm run destroy               deletes an installation with all its data; asks twice

The settings are in aws/deploy.env; docs/aws.md explains them."
case "$*" in
  packages | synth | destroy | deploy | "deploy --image") ;;
  *" --help" | *" -h")
    echo "$usage"
    exit 0
    ;;
  *)
    echo "Not understood: ${*:2}." >&2
    echo >&2
    echo "$usage" >&2
    exit 2
    ;;
esac
# shellcheck source=start/install.sh
. start/install.sh
ensure_node_modules
ensure_deployment_packages
export PATH="$PWD/node_modules/.bin:$PATH"
case "$1" in
  packages) ;; # only these
  synth) exec node --disable-warning=ExperimentalWarning aws/src/synth-main.ts ;;
  deploy)
    node --disable-warning=ExperimentalWarning start/src/build-main.ts
    exec node --disable-warning=ExperimentalWarning aws/src/deploy-main.ts "${@:2}"
    ;;
  destroy) exec node --disable-warning=ExperimentalWarning aws/src/destroy-main.ts ;;
esac
