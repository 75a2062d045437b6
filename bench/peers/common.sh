# Common parts of the peers: options, files, clock. Sourced.

nodes=1000
prefix=peer
mode=sequential
action=up

usage() {
	echo "usage: $(basename "$0") [--nodes N] [--name PREFIX] ${modes:+[--mode $modes] }[--down]" >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case $1 in
	--nodes) nodes=${2:?}; shift 2 ;;
	--name) prefix=${2:?}; shift 2 ;;
	--mode) mode=${2:?}; shift 2 ;;
	--down) action=down; shift ;;
	*) usage ;;
	esac
done
[ "$nodes" -ge 3 ] 2>/dev/null || usage

here=$(dirname "$0")
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
"$here/ring-files" "$nodes" "$prefix" "$files/ring" || exit 1
files_ring=$files/ring

now() { date +%s.%N; }

# measure COMMAND...: runs it and prints the wall seconds as JSON.
measure() {
	start=$(now)
	"$@" || { echo "$(basename "$0"): $* failed" >&2; exit 1; }
	end=$(now)
	awk -v tool="$(basename "$0")" -v mode="$mode" -v action="$action" -v nodes="$nodes" -v start="$start" -v end="$end" \
		'BEGIN { printf "{\"tool\": \"%s\", \"mode\": \"%s\", \"action\": \"%s\", \"nodes\": %d, \"seconds\": %.6f}\n",
			tool, mode, action, nodes, end - start }'
}
