# Functions that install what is missing; sourced by start.sh and test.sh from the project's root.

# onnxruntime's install script fetches GPU files from elsewhere; the CPU build comes with the package.
export ONNXRUNTIME_NODE_INSTALL=skip

# Programs are the checkout's, as node_modules is: runs with a data folder of their own, as the tests', find them.
PROGRAMS=.data

# What the npm packages take up, and how often a long installation says how far it is.
NODE_MODULES_MB=1000
PROGRESS_SECONDS=${PROGRESS_SECONDS:-10}

# How long the installation waits while another program installs packages.
APT_LOCK_SECONDS=600

# The npm that start.sh takes where the machine's own runs on a Node that is too old.
OWN_NPM_VERSION=11.19.1

# Whether every npm package accepts this Node. npm leaves out optional packages that do not, without a word: those are
# the programs of sharp and vite, and Debian 12 has Node 18.
is_new_node() {
  local oldest=22.13.0
  case "$1" in 20.*) oldest=20.19.0 ;; esac
  printf '%s\n%s\n' "$oldest" "$1" | sort -V -C
}

# Decides once which npm is used: the machine's, or where its Node is too old one of our own in the data folder.
choose_npm() {
  [ -z "${npm_folder+chosen}" ] || return 0
  local version node own
  npm_folder=""
  version=$(npm version --json | sed -n 's/^ *"node": "\([0-9.]*\)".*/\1/p')
  is_new_node "$version" && return 0
  node=$(sed -n 's/^ *"node": "\([0-9.]*\)".*/\1/p' package.json | head -n 1)
  mkdir -p "$PROGRAMS"
  own=$(realpath "$PROGRAMS")/npm
  if [ "$(cat "$own/.versions" 2>/dev/null || true)" != "$node $OWN_NPM_VERSION" ]; then
    echo "npm runs on Node $version here, which is too old for some packages: it gets a newer one in $PROGRAMS/npm, 210 MB ..."
    npm install --prefix "$own" --no-save --no-audit --no-fund --no-update-notifier --loglevel=error \
      "node@$node" "npm@$OWN_NPM_VERSION"
    echo "$node $OWN_NPM_VERSION" >"$own/.versions"
  fi
  npm_folder="$own/node_modules/.bin:"
}

run_npm() {
  choose_npm
  PATH="$npm_folder$PATH" npm "$@"
}

# Whether the npm packages are those that the lockfile names.
has_node_modules() {
  [ "$(cat node_modules/.lockfile-hash 2>/dev/null || true)" = "$1" ] && [ -x node_modules/.bin/node ]
}

# Installs the npm packages when the lockfile has changed since the last time: never under a system that runs with the
# ones before, whose workers link them, and never twice at once.
ensure_node_modules() {
  local wanted lock
  wanted=$(sha256sum package-lock.json | cut -d' ' -f1)
  has_node_modules "$wanted" && return 0
  if [ -x node_modules/.bin/node ] && node_modules/.bin/node start/src/control.ts status >/dev/null 2>&1; then
    echo "package-lock.json names other packages than those that are installed, which the system that runs from this folder uses. Run ./start.sh stop first." >&2
    exit 1
  fi
  mkdir -p "$PROGRAMS"
  exec {lock}>>"$PROGRAMS/install.lock"
  flock --nonblock "$lock" || {
    echo "The npm packages are being installed by another command; this one waits for it ..."
    flock "$lock"
  }
  if ! has_node_modules "$wanted"; then
    command -v npm >/dev/null || {
      echo "npm is missing. Install it (Debian: apt-get install npm) and run this again." >&2
      exit 1
    }
    choose_npm
    echo "Installing npm packages: about $NODE_MODULES_MB MB in node_modules, 1 to 3 minutes ..."
    # Not `npm ci`: it refuses a lockfile that lacks the optional packages of platforms which the registry at hand does
    # not offer. --no-save keeps to the lockfile's versions and writes neither it nor package.json.
    tell_progress npm_progress run_npm install --no-save --no-audit --no-fund --no-update-notifier --loglevel=error
    # npm links the command of a workspace only when it installs that for the first time.
    [ -e node_modules/.bin/elastic-gas ] || run_npm rebuild --ignore-scripts --loglevel=error @elastic-gas/manager >/dev/null
    echo "$wanted" >node_modules/.lockfile-hash
  fi
  exec {lock}>&-
}

# ensure_package_of <folder> <what it is> <MB>: installs a package of its own into its folder's node_modules, when its
# lockfile has changed since the last time.
ensure_package_of() {
  local folder=$1 wanted
  wanted=$(sha256sum "$folder/package-lock.json" | cut -d' ' -f1)
  [ "$(cat "$folder/node_modules/.lockfile-hash" 2>/dev/null || true)" != "$wanted" ] || return 0
  echo "Installing $2: about $3 MB in $folder/node_modules, up to a minute ..."
  choose_npm
  (cd "$folder" && run_npm install --no-save --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error)
  echo "$wanted" >"$folder/node_modules/.lockfile-hash"
}

# What a deployment on AWS needs. Only `npm run deploy...` and `npm test` call it.
ensure_deployment_packages() {
  ensure_package_of aws "the packages of the AWS deployment" 210
}

# ensure_programs <program>:<debian package>[,<package>...] ...: finds each program in the system or in .data/apt, or
# installs its packages: as root, by sudo without a password, or else unpacked into .data/apt, which needs no rights.
ensure_programs() {
  local pair missing=()
  for pair in "$@"; do
    has_program "${pair%%:*}" || missing+=("${pair#*:}")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    use_unpacked
    return
  fi
  local packages
  IFS=',' read -r -a packages <<<"$(
    IFS=','
    echo "${missing[*]}"
  )"
  echo "Installing Debian packages: ${packages[*]}, up to a minute ..."
  mkdir -p "$PROGRAMS"
  apt_log="$PROGRAMS/apt.log"
  local log=$apt_log
  if tell_progress apt_progress install_to_log "${packages[@]}"; then
    local all=1
    for pair in "$@"; do has_program "${pair%%:*}" || all=0; done
    if [ $all -eq 1 ]; then
      use_unpacked
      return
    fi
  fi
  tail -n 5 "$log" >&2
  echo "These Debian packages are needed and could not be installed: ${packages[*]}" >&2
  echo "Install them (apt-get install ${packages[*]}) and run this again. The whole log is in $log." >&2
  exit 1
}

# For pages in tests and measurements. The shell draws them for less CPU; not every system has it.
ensure_browser() {
  (ensure_programs chromium-headless-shell:chromium-headless-shell) 2>/dev/null || ensure_programs chromium:chromium
  use_unpacked
}

install_to_log() {
  install_packages "$@" >"$apt_log" 2>&1
}

# tell_progress <function> <command> [<argument> ...]: runs the command and prints each few seconds what the function
# says of it.
tell_progress() {
  local tell=$1 began=$SECONDS status=0 teller
  shift
  # It ends by itself should this script be killed.
  while sleep "$PROGRESS_SECONDS" && kill -0 $$ 2>/dev/null; do echo "  $((SECONDS - began)) s: $("$tell")"; done &
  teller=$!
  "$@" || status=$?
  kill "$teller" 2>/dev/null || true
  wait "$teller" 2>/dev/null || true
  return $status
}

npm_progress() {
  local size
  size=$(du -sm node_modules 2>/dev/null | cut -f1) || true
  echo "${size:-0} of about $NODE_MODULES_MB MB"
}

# What apt itself says of the size, as soon as it knows it, or of the program that it waits for.
apt_progress() {
  local holder
  holder=$(tail -n 2 "$apt_log" 2>/dev/null | sed -n 's/.*Could not get lock.* held by \(process .*)\).*/\1/p' | tail -n 1)
  if [ -n "$holder" ]; then
    echo "waiting for another installation of packages, $holder"
  else
    grep -E '^(Need to get|After this operation)' "$apt_log" 2>/dev/null | tr '\n' ' ' || true
  fi
}

# A name such as python3-boto3 is a Python module.
has_program() {
  if [[ $1 == python3-* ]]; then
    has_module "${1#python3-}"
    return
  fi
  command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || [ -x "$PROGRAMS/apt/usr/sbin/$1" ] || [ -x "$PROGRAMS/apt/bin/$1" ]
}

has_module() {
  local python
  for python in python3 /usr/bin/python3; do "$python" -c "import $1" 2>/dev/null && return 0; done
  [ -d "$PROGRAMS/apt/usr/lib/python3/dist-packages/$1" ]
}

install_packages() {
  if [ "$(id -u)" = 0 ]; then
    apt_install "$@"
  elif sudo -n true 2>/dev/null; then
    apt_install "$@"
  else
    unpack_packages "$@"
  fi
}

# Debian's own update of a machine that has just started, or another checkout, may hold apt's locks for minutes.
apt_install() {
  local apt=(env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -o "DPkg::Lock::Timeout=$APT_LOCK_SECONDS")
  [ "$(id -u)" = 0 ] || apt=(sudo -n "${apt[@]}")
  local install=("${apt[@]}" install -y --no-install-recommends "$@")
  "${install[@]}" && return
  # Without the lists, or with old ones. Where one archive of several cannot be read, the package may be in another.
  update_lists "${apt[@]}" update || true
  "${install[@]}"
}

# apt waits for the lock of dpkg, but not for that of the lists.
update_lists() {
  local said deadline=$((SECONDS + APT_LOCK_SECONDS))
  until said=$("$@" 2>&1); do
    echo "$said"
    [[ $said == *"Could not get lock"* && $SECONDS -lt $deadline ]] || return 1
    sleep 1
  done
  echo "$said"
}

# Without rights: apt resolves and downloads with folders of our own, dpkg-deb unpacks; nothing of the system changes.
unpack_packages() {
  local root state
  root="$(realpath "$PROGRAMS")/apt"
  state="$root/.state"
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  local options=(
    -o "Dir::State=$state" -o "Dir::State::lists=$state/lists" -o "Dir::State::status=/var/lib/dpkg/status"
    -o "Dir::Cache=$state/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User=
  )
  LC_ALL=C apt-get "${options[@]}" update
  LC_ALL=C apt-get "${options[@]}" install -y --no-install-recommends --download-only "$@"
  local package
  for package in "$state"/cache/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
  wrap_unpacked "$root"
}

# wrap_unpacked <folder>: an unpacked program finds its libraries by a script of its name in <folder>/bin. mariadbd
# needs none: start/src/mariadb.ts runs it with its folders.
wrap_unpacked() {
  local root=$1 program name libraries
  # Some packages keep theirs in folders of their own, as PulseAudio does.
  libraries=$(find "$root" -name 'lib*.so*' -printf '%h\n' | sort -u | paste -sd: -)
  mkdir -p "$root/bin"
  # The settings that were unpacked name the fonts of the whole machine.
  cat >"$root/fonts.conf" <<FONTS
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>$root/usr/share/fonts</dir>
  <cachedir>$root/.state/fonts</cachedir>
</fontconfig>
FONTS
  local chromium="$root/usr/lib/chromium"
  for program in "$root/usr/bin/bcftools" "$chromium/chromium" "$chromium/chromium-headless-shell" "$root/usr/bin/aws"; do
    [ -x "$program" ] || continue
    name=$(basename "$program")
    {
      echo '#!/bin/sh'
      printf 'export LD_LIBRARY_PATH=%q\n' "$libraries"
      # Where the machine has no settings for fonts, and so no fonts, those that came with the program.
      printf '[ -d /etc/fonts ] || export FONTCONFIG_FILE=%q\n' "$root/fonts.conf"
      printf 'export PYTHONPATH=%q\n' "$root/usr/lib/python3/dist-packages"
      printf 'exec %q "$@"\n' "$program"
    } >"$root/bin/$name"
    chmod +x "$root/bin/$name"
  done
}

# What was unpacked is on the PATH, after the machine's own programs.
use_unpacked() {
  local bin
  bin="$(realpath "$PROGRAMS" 2>/dev/null || true)/apt/bin"
  [ -d "$bin" ] || return 0
  export PATH="$PATH:$bin"
}
