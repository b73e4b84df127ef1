#!/usr/bin/env bash
# Runs Elastic GAS: `./start.sh --help`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
usage="./start.sh [command]
Without a command: sets up what is missing, starts the manager's machine (on one machine, everything) and prints the
addresses; safe to run again. Ctrl-C ends everything that it started.

  stop | status            end, or look at, the system that runs from this folder
  demo [--minutes N]       make users, annotations, photos and 10 minutes of load for it
  admin-password [NAME]    give an administrator a new password, shown once, and switch the second step off
  release | update         publish this checkout to the system that runs; update also replaces its workers
  database-accounts        print the SQL that makes a database account for each part, on a server of your own
  web|annotator|utility    run one worker; an instance's user data does this"
refuse() {
  printf '%s\n\n%s\n' "$1" "$usage" >&2
  exit 2
}
case " $* " in
  *" --help "* | *" -h "*)
    echo "$usage"
    exit 0
    ;;
esac
case "${1:-}" in
  demo | admin-password) ;;
  *) [ $# -le 1 ] || refuse "$1 takes no further word, and $2 was given." ;;
esac
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
      # Threads of the garbage collector only share what CPU the instance has, and the requests wait for them.
      web) exec node --disable-warning=ExperimentalWarning --enable-source-maps --single-threaded-gc dist/user-app/main.js ;;
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
  *) refuse "Unknown command $1." ;;
esac
