#!/usr/bin/env bash
# `npm run docs`: sets up what is missing, then writes the documents as a site and as one PDF.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=start/install.sh
. start/install.sh
ensure_node_modules
ensure_package_of docs/site "what draws the diagrams" 210
ensure_programs chromium:chromium
CHROMIUM=$(command -v chromium)
export CHROMIUM
exec node_modules/.bin/node --disable-warning=ExperimentalWarning docs/site/main.ts
