# Shared by the scripts that tools/test-kernels runs in a guest; read with `.`, in the top folder of the sources.

results=/run/results
status=0

# record RESULT NAME [REMARK]
record() {
  printf '%s\t%s\t%s\n' "$2" "$1" "${3-}" >>"$results/results"
  printf '%s %s%s\n' "$1" "$2" "${3:+: $3}"
}

# check NAME COMMAND...: the command, a function or a program, has to succeed within five minutes. Its output is shown if
# it does not. A program that ends with 77 was skipped.
check() {
  name=$1
  shift
  started=$(date +%s)
  outcome=0
  run_bounded "$@" >"$results/output" 2>&1 || outcome=$?
  took="$(($(date +%s) - started)) s"
  { echo "== $name ($took, status $outcome)"; cat "$results/output"; } >>"$results/log"
  case $outcome in
    0) record ok "$name" ;;
    77) record skipped "$name" "$(tail -n 1 "$results/output" | cut -c 1-100)" ;;
    *)
      tail -n 40 "$results/output"
      record FAILED "$name" "status $outcome after $took"
      status=1
      ;;
  esac
}

# timeout cannot run a function: a shell of its own reads the functions again.
run_bounded() {
  timeout --kill-after=10 "${check_seconds-300}" sh -c '. tests/kernels/checks.sh; "$@"' sh "$@"
}
