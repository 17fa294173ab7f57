#!/usr/bin/env bash
# Sees the alerts come and go: runs a cluster and Prometheus on loopback, kills a follower, writes
# until it lags, starts it again. Takes about four minutes. Needs `prometheus`, `promtool` and `curl`
# on the PATH. Ends with 0 if nothing fired before, QuorateNodeDown and QuorateFollowerLags came, and
# both went. QuorateLeaderChangesOften may come as well: on a machine that is too busy it is true.
#
#   ops/try.sh [QUORATE] [PORT]      # the binary; the first of five ports, UDP and TCP
set -euo pipefail
cd "$(dirname "$0")/.."

quorate=${1:-target/release/quorate}
port=${2:-24600}
prometheus="127.0.0.1:$((port + 4))"
folder=$(mktemp -d)
config="$folder/cluster/cluster.toml"
processes=()

finish() {
    for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
    wait
    rm -rf "$folder"
}
trap finish EXIT

say() { echo "$(date -u +%T) $*"; }

# Waits up to $1 seconds until the rest succeeds.
within() {
    local until=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        if ((SECONDS >= until)); then
            say "waited in vain for: $*"
            exit 1
        fi
        sleep 0.5
    done
}

query() { promtool query instant "http://$prometheus" "$1"; }
holds() { [ -n "$(query "$1")" ]; }
is_firing() { holds "ALERTS{alertstate=\"firing\", alertname=\"$1\"}"; }
is_over() { ! is_firing QuorateNodeDown && ! is_firing QuorateFollowerLags; }
is_calm() { [ -z "$(query 'ALERTS{alertstate="firing"}')" ]; }
answers() { curl --silent --fail "http://$prometheus/-/ready"; }
show() { query 'ALERTS{alertstate="firing"}' | sed 's/^/         /'; }

"$quorate" cluster --dir "$folder/cluster" --port "$port" --log-format json 2>"$folder/log" &
processes+=($!)
within 20 "$quorate" status --config "$config"

cp ops/prometheus/rules.yml "$folder"
cat >"$folder/prometheus.yml" <<END
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - job_name: quorate
    static_configs:
      - targets: ["127.0.0.1:$((port + 1))", "127.0.0.1:$((port + 2))", "127.0.0.1:$((port + 3))"]
END
prometheus --config.file "$folder/prometheus.yml" --storage.tsdb.path "$folder/data" \
    --web.listen-address "$prometheus" --log.level warn &
processes+=($!)
within 20 answers
within 20 holds 'sum(up{job="quorate"}) == 3'
within 20 holds 'sum(quorate_leads) == 1'
sleep 10
if ! is_calm; then
    say "an alert is firing though nothing is wrong:"
    show
    exit 1
fi
say "three nodes answer, one leads, no alert is firing"

# One of those that do not lead, and its process, by what it said when it started.
address=$(query 'quorate_leads == 0' | sed -n 's/.*instance="\([^"]*\)".*/\1/p' | head -1)
node=$((${address##*:} - port))
process=$(sed -n "s/.*\"node\":$node,.*\"process\":\([0-9]*\).*/\1/p" "$folder/log" | head -1)
kill -9 "$process"
say "killed node $node, a follower, at $address"
"$quorate" bench --config "$config" --duration 10 >/dev/null
say "wrote for ten seconds"
within 120 is_firing QuorateNodeDown
within 120 is_firing QuorateFollowerLags
say "fires:"
show

"$quorate" node --config "$config" --id "$node" 2>/dev/null &
processes+=($!)
say "started node $node again"
within 60 is_over
say "both are over"
