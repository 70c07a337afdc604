# Sourced by ./run and ./test: installs from Debian what is missing, judged by the command or header that is needed, never removing anything.
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
  echo "Missing packages need root to install, and there is no sudo: run as root: $*" >&2; return 1; fi; }

have_header() { [ -e "/usr/include/$1" ] || [ -e "/usr/include/$(uname -m)-linux-gnu/$1" ] || [ -e "/usr/local/include/$1" ]; }

wanted=()
need_command() { command -v "$1" >/dev/null || wanted+=("$2"); }
need_header() { have_header "$1" || wanted+=("$2"); }

install_wanted() {
  [ ${#wanted[@]} -gt 0 ] || return 0
  echo "Installing from Debian, $1: ${wanted[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-remove --no-install-recommends "${wanted[@]}" >/dev/null
  wanted=()
}

python_has() { /usr/bin/python3 -c "import $1" 2>/dev/null; }  # Debian's Python, whichever other stands first in PATH

need_for_build() {
  need_command g++ g++
  need_command cmake cmake
  need_command ninja ninja-build
  need_header simdjson.h libsimdjson-dev
  need_header nlohmann/json.hpp nlohmann-json3-dev
  need_header spdlog/spdlog.h libspdlog-dev
  need_header fmt/core.h libfmt-dev
  need_header CLI/CLI.hpp libcli11-dev
  need_header openssl/evp.h libssl-dev
  need_header sqlite3.h libsqlite3-dev
  need_header hiredis/read.h libhiredis-dev
  need_header mimalloc.h libmimalloc-dev
  need_header prometheus/text_serializer.h prometheus-cpp-dev
  install_wanted "to build"
}

need_for_web() {
  need_command node nodejs
  need_command npm npm
  install_wanted "for the demo page"
}

need_for_tests() {
  need_command git git
  need_command openssl openssl  # a certificate for tests over TLS
  need_command curl curl
  need_command chromium chromium
  python_has socketio || wanted+=(python3-socketio)
  python_has requests || wanted+=(python3-requests)
  python_has websocket || wanted+=(python3-websocket)
  need_header gtest/gtest.h libgtest-dev
  install_wanted "to test"
}

need_for_services() {
  need_command ip iproute2  # hosts that vanish live in network namespaces
  [ -x /usr/sbin/nginx ] || wanted+=(nginx-light)
  [ -x /usr/sbin/haproxy ] || wanted+=(haproxy)
  need_command caddy caddy
  need_command redis-server redis-server
  need_command promtool prometheus  # checks what GET /metrics says, and the alert rules
  need_command sqlite3 sqlite3  # the commands of docs/operations.md
  python_has ensurepip || wanted+=(python3-venv)  # Celery, python-socketio, RQ and arq are in no Debian package that is new enough
  install_wanted "to test behind proxies and dead lines, with Redis and with queues"
}

need_for_micro_benchmarks() {
  need_header benchmark/benchmark.h libbenchmark-dev
  install_wanted "for the micro-benchmarks"
}

need_for_sanitizers() {
  need_command clang++-19 clang-19
  need_command clang-format-19 clang-format-19
  need_command clang-tidy-19 clang-tidy-19
  [ -e /usr/lib/llvm-19/lib/clang/19/lib/linux ] || wanted+=(libclang-rt-19-dev)
  install_wanted "for the sanitizers"
}

need_for_packages() {
  need_for_node  # the portable program links the same libraries
  need_command dpkg-shlibdeps dpkg-dev
  need_command gzip gzip
  need_command strip binutils
  install_wanted "to make packages"
}

need_for_package_tests() {
  [ -z "${BARE_DEBIAN:-}" ] || [ -x /usr/sbin/debootstrap ] || wanted+=(debootstrap)
  need_command man man-db
  need_command groff groff-base
  need_command systemd-analyze systemd
  python_has yaml || wanted+=(python3-yaml)
  [ -z "${BARE_DEBIAN:-}" ] || need_command systemd-nspawn systemd-container
  need_command setpriv util-linux
  if [ "$(id -u)" = 0 ]; then  # only root may mount, and make networks
    need_command buildah buildah
    need_command podman podman
    need_command podman-compose podman-compose
    need_command crun crun
    need_command iptables iptables
    [ -x /usr/lib/podman/netavark ] || wanted+=(netavark)
    [ -x /usr/lib/podman/aardvark-dns ] || wanted+=(aardvark-dns)
  fi
  install_wanted "to test packages"
}

need_for_node() {
  need_header sqlite3.h libsqlite3-dev
  need_header hiredis/read.h libhiredis-dev
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || wanted+=(debian-archive-keyring)
  install_wanted "for the npm package"
}

# Where this machine gets Debian's packages from.
debian_site() { apt-get indextargets --format '$(SITE)' | grep -v security | sort -u | grep -m1 debian; }

# source_of PACKAGE FOLDER STRIP PATH…: files of a Debian source package, with so many folders of their paths left out. apt checks
# it as it does all others. Its lists are kept beside it, so that the machine's own stay as they are.
source_of() {
  local package=$1 folder=$2 strip=$3 work site
  shift 3
  [ ! -d "$folder" ] || return 0
  work=$(mktemp -d)
  site=$(debian_site)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/files"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site bookworm main" >"$work/source.list"
  (
    cd "$work"
    apt=(apt-get -qq -o Dir::Etc::sourcelist="$work/source.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=)
    "${apt[@]}" update
    "${apt[@]}" source --download-only "$package"
    tar xf "$package"_*.orig.tar.* -C files --strip-components "$strip" --wildcards "$@"
  )
  mkdir -p "$(dirname "$folder")"
  mv "$work/files" "$folder"
  rm -rf "$work"
}

simdjson_source() { source_of simdjson "$1" 2 '*/singleheader/simdjson.cpp' '*/singleheader/simdjson.h'; }
prometheus_source() { source_of prometheus-cpp "$1" 2 '*/core/src/serializer.cc' '*/core/src/text_serializer.cc' '*/core/include/prometheus/*'; }
mimalloc_source() { source_of mimalloc "$1" 1 '*/src/*' '*/include/*'; }
