# What the scripts beside this one check: each function is one check and runs in a shell of its own.

PATH=$PWD/build/dev/tools/netherd:$PATH

# Nothing is left of any lab.
nothing_left() {
  [ "$(netherd ls --names)" = "" ] && [ -z "$(ls -A /run/netns)" ] && ! grep -q ' /run/netherd/' /proc/self/mountinfo
}

# lab FILE [OPTION...]: comes up, is what it should be, answers over every link, goes.
lab() {
  file=$1
  shift
  netherd up "$file" --name smoke --wait --quiet "$@" && netherd check smoke && netherd ping smoke &&
    netherd down smoke --wait && nothing_left
}

ring() { netherd generate ring --nodes "$1" | lab - --ipv4-pool 10.0.0.0/8; }
star() { netherd generate star --nodes "$1" | lab -; }
without_ipv6() { netherd generate ring --nodes 50 | lab - --ipv6 off; }
shortest_path() { netherd generate grid --nodes 36 | lab - --routing shortest-path; }
by_workers() { netherd generate ring --nodes 50 | lab - --submission worker; }

bridges_and_host() { lab tests/kernels/bridge-and-host.clab.yml; }

# The state of the machine must not leak into nodes: in a guest, the machine's settings can be changed.
inherited_settings() {
  for scope in all default; do
    echo 1 >/proc/sys/net/ipv4/conf/$scope/forwarding
    echo 1 >/proc/sys/net/ipv4/conf/$scope/rp_filter
  done
  netherd generate line --nodes 3 >"/tmp/line.yml" && netherd up /tmp/line.yml --name smoke --quiet || return
  forwarding=$(netherd exec smoke n2 -- cat /proc/sys/net/ipv4/conf/all/forwarding /proc/sys/net/ipv4/ip_forward)
  echo "a node of a lab without routing forwards: $forwarding"
  [ "$forwarding" = "0
0" ] && netherd check smoke && netherd down smoke || return
  netherd generate grid --nodes 16 | lab - --routing shortest-path
  outcome=$?
  for scope in all default; do
    echo 0 >/proc/sys/net/ipv4/conf/$scope/forwarding
    echo 0 >/proc/sys/net/ipv4/conf/$scope/rp_filter
  done
  return $outcome
}

tunnel_modules="ipip sit ip_gre ip6_tunnel ip6_gre ip_vti ip6_vti"

# Each module puts a device into every new namespace.
with_tunnel_modules() {
  # shellcheck disable=SC2086 # a list of names
  modprobe -a $tunnel_modules || return 77
  netherd generate ring --nodes 20 | lab - && lab tests/kernels/bridge-and-host.clab.yml &&
    lab docs/examples/abilene.clab.yml --routing shortest-path && netherd doctor
}
tunnel_modules_during_a_lab() {
  # shellcheck disable=SC2086
  rmmod $tunnel_modules ip_tunnel tunnel6 tunnel4 gre 2>/dev/null
  ! lsmod | grep -qE '^(ipip|sit|ip_gre) ' || return 77
  netherd generate ring --nodes 5 | netherd up - --name smoke --quiet || return
  # shellcheck disable=SC2086
  modprobe -a $tunnel_modules || return 77
  netherd exec smoke n1 -- ip -brief link
  netherd check smoke && netherd ping smoke && netherd down smoke --wait && nothing_left
}

io_uring_switched_off() {
  [ -e /proc/sys/kernel/io_uring_disabled ] || { echo "this kernel has no kernel.io_uring_disabled" && return 77; }
  echo 2 >/proc/sys/kernel/io_uring_disabled
  netherd generate ring --nodes 20 | lab -
  outcome=$?
  echo 0 >/proc/sys/kernel/io_uring_disabled
  return $outcome
}

# Six moments from the first tenth of a second on: emulated, a ring of 100 takes one or two.
killed_and_collected() {
  netherd generate ring --nodes 100 >/tmp/ring.yml
  for tenths in 1 3 6 10 15 20; do
    netherd up /tmp/ring.yml --name smoke --quiet &
    sleep "$((tenths / 10)).$((tenths % 10))"
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    case $(netherd ls --json | jq -r '.labs[0].phase // "none"') in
      up) netherd down smoke ;;
      *) netherd gc ;;
    esac || return
    nothing_left || return
  done
}

# gtest PROGRAM FILTER: some tests of a program of build/dev.
gtest() { "build/dev/tests/$1" --gtest_filter="$2" --gtest_brief=1; }

# Where the kernel was started without IPv6.
ipv4_only() { netherd generate ring --nodes 50 | lab -; }
hub_without_ipv6() { netherd generate star --nodes 300 | lab - --ipv6 off; }
ipv6_addresses_are_refused() {
  netherd generate ring --nodes 5 >/tmp/ring.yml
  netherd up /tmp/ring.yml --name smoke --ipv6-pool 2001:db8::/32 2>/tmp/errors && return 1
  cat /tmp/errors
  grep -q 'IPv6' /tmp/errors && nothing_left || return
  netherd doctor /tmp/ring.yml
}
