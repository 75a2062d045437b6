# Common parts of the shell peers: their arguments, the clock. Sourced.
#
# FILES is what bench/harness/workload.py writes: `create`, `nodes/NAME`, `remove` for `ip -batch`; `commands` for a shell.

usage() {
	echo "usage: $(basename "$0") FILES ${modes:+$modes }up|down" >&2
	exit 2
}

files=${1-}
[ -d "$files/nodes" ] || usage
shift
mode=
if [ -n "$modes" ]; then
	mode=${1-}
	shift
fi
action=${1-}
[ $# -eq 1 ] || usage

# Runs the action and prints its wall seconds as JSON.
measure() {
	case $action in up | down) ;; *) usage ;; esac
	start=$(date +%s.%N)
	"$action" || { echo "$(basename "$0"): $action failed" >&2; exit 1; }
	end=$(date +%s.%N)
	awk -v start="$start" -v end="$end" 'BEGIN { printf "{\"seconds\": %.6f}\n", end - start }'
}
