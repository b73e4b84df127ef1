#!/bin/sh
# `npx elastic-gas`: runs with the project's own Node, as the system's may be too old for TypeScript.
here=$(dirname -- "$(readlink -f -- "$0")")
main=$here/src/features/cli/main.ts
# Annotations are asked of user-app, not of the manager.
if [ "$1" = annotate ]; then
  main=$here/../cli/src/main.ts
  shift
fi
exec "$here/../node_modules/.bin/node" --disable-warning=ExperimentalWarning "$main" "$@"
