#!/usr/bin/env bash
# Whether a change of the code changes what it computes: short runs of every method with one seed, by a
# program, as records without their clocks. Run it with the program before and after the change, on the
# same machine, and compare the folders:
#
#   reference/short_runs.sh old/latentrl before
#   reference/short_runs.sh target/release/latentrl after
#   diff -r before after
#
# Settings whose keys have changed since are named in a file of sed expressions, the third argument, which
# is applied to the lines of short_runs.txt.
set -euo pipefail
program=$1 out=$2 rename=${3:-/dev/null}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
export LATENTRL_CACHE=$runs/cache
index=0
while IFS= read -r line; do
    index=$((index + 1))
    eval "arguments=($line)"
    name=$(printf '%02d-%s' "$index" "${arguments[1]}")
    if "$program" "${arguments[@]}" --steps 480 --seed 3 --set run.record_every=40 --set run.eval_every=240 \
        --set run.eval_episodes=3 --set run.final_episodes=3 --out "$runs/$name" >"$runs/log" 2>&1; then
        sed 's/,"clock":{.*}}$/}/' "$runs/$name/metrics.jsonl" >"$out/$name.jsonl"
    else
        tail -n 1 "$runs/log" >"$out/$name.jsonl"
    fi
done < <(sed -f "$rename" "$here/short_runs.txt")
"$program" list --json | grep -o '"id": *"[^"]*"' | cut -d'"' -f4 | while read -r method; do
    grep -q "^train $method\( \|$\)" "$here/short_runs.txt" || echo "no short run of $method" >&2
done
