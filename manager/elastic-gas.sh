#!/bin/sh
# `npx elastic-gas`: runs with the project's own Node, as the system's may be too old for TypeScript.
here=$(dirname -- "$(readlink -f -- "$0")")
exec "$here/../node_modules/.bin/node" --disable-warning=ExperimentalWarning "$here/src/features/cli/main.ts" "$@"
