#!/usr/bin/env bash
# Runs Elastic GAS. Without an argument: the manager's machine (on one machine, everything). Safe to run again.
#
#   ./start.sh                          set up what is missing, start, print addresses; Ctrl-C ends everything it started
#   ./start.sh web|annotator|utility    run one worker; an instance's user data does this
#   ./start.sh stop | status            end, or look at, the system that runs from this folder
#   ./start.sh admin-password [NAME]    give an administrator a new password, shown once, and switch the second factor off
#   ./start.sh database-accounts        print the SQL that makes a database account for each part, on a server of your own
#   ./start.sh release | update         publish this checkout to the system that runs; update also replaces its workers
#   ./start.sh demo                     users, annotations, photos and 10 minutes of load for it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PATH="$PWD/node_modules/.bin:$PATH"
# What a thread no longer needs the others may use: a program needs 5 to 15 MB less.
export MALLOC_ARENA_MAX=2
# What Node has compiled once, the next program takes from here: it starts sooner and needs less memory.
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$PWD/.data/cache/compiled}" NODE_COMPILE_CACHE_PORTABLE=1

case "${1:-manager}" in
  manager)
    # shellcheck source=start/install.sh
    . start/install.sh
    ensure_node_modules
    [ "${CLOUD:-local}" = aws ] || ensure_programs mariadbd:mariadb-server-core,mariadb-client-core bcftools:bcftools
    exec node --disable-warning=ExperimentalWarning --max-semi-space-size=2 start/src/main.ts
    ;;
  web | annotator | utility)
    if [ -f settings.env ]; then
      set -a
      # shellcheck source=/dev/null
      . ./settings.env
      set +a
    fi
    case "$1" in
      web) exec node --disable-warning=ExperimentalWarning --enable-source-maps dist/user-app/main.js ;;
      *) exec node --disable-warning=ExperimentalWarning --enable-source-maps --max-semi-space-size=2 "dist/$1/main.js" ;;
    esac
    ;;
  stop | status)
    if [ ! -x node_modules/.bin/node ]; then
      echo "Nothing runs from this folder. ./start.sh sets it up and starts it."
      exit 3
    fi
    exec node --disable-warning=ExperimentalWarning start/src/control.ts "$1"
    ;;
  admin-password)
    exec node --disable-warning=ExperimentalWarning start/src/admin-password.ts "${2:-}"
    ;;
  release | update)
    if [ ! -x node_modules/.bin/node ]; then
      echo "Nothing runs from this folder. ./start.sh sets it up and starts it." >&2
      exit 3
    fi
    exec node --disable-warning=ExperimentalWarning start/src/release-main.ts "$1"
    ;;
  database-accounts)
    exec node --disable-warning=ExperimentalWarning start/src/print-database-accounts.ts
    ;;
  demo)
    shift
    if [ ! -x node_modules/.bin/node ]; then
      echo "Nothing runs from this folder. ./start.sh sets it up and starts it." >&2
      exit 1
    fi
    exec node --disable-warning=ExperimentalWarning start/src/demo/main.ts "$@"
    ;;
  *)
    echo "Usage: ./start.sh [manager|web|annotator|utility|stop|status|release|update|demo|admin-password [NAME]|database-accounts]" >&2
    exit 2
    ;;
esac
