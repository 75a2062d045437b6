# Shared by tools/quickstart, tools/test and tools/lint; read with `.`, after cd to the top of the sources.

# The steps that the user is told about.
say() { printf '\n==> %s\n' "$*"; }

fail() {
  printf '%s: %s\n' "$0" "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# packages_of GROUP...: the names under these headings of tools/packages.
packages_of() {
  awk -v groups=" $* " '
    { sub(/#.*/, "") }
    /^\[/ { gsub(/[][]/, ""); wanted = index(groups, " " $1 " "); next }
    wanted && NF { print $1 }' tools/packages
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages GROUP...: installs what is missing of these groups, and asks the network only then.
install_packages() {
  missing=
  for package in $(packages_of "$@"); do
    is_installed "$package" || missing="$missing $package"
  done
  if [ -z "$missing" ]; then
    say "All packages are installed ($*)"
    return
  fi
  say "Installing packages:$missing"
  as_root apt-get update -q
  # shellcheck disable=SC2086 # a list of names
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

# build PRESET [TARGET]: configures and builds it, or a target of it, and says how long that took.
build() {
  say "Building: preset $1, in build/$1"
  started=$(date +%s)
  cmake --preset "$1" --log-level=WARNING >/dev/null || fail "cmake --preset $1 failed"
  cmake --build --preset "$1" ${2:+--target "$2"} || fail "the build failed"
  echo "built in $(($(date +%s) - started)) s"
}
