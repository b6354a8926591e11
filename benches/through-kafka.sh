#!/usr/bin/env bash
# What a rule costs through Apache Kafka: `weir run` beside Kafka Streams with Jackson, on the same topic in the same run.
#
#   benches/through-kafka.sh --events FILE [options]
#
#   --events FILE        one JSON event a line, `.gz` is unpacked; repeated up to the count. None may match the rule
#   --count N            how many events come before the one that matches (default 400000)
#   --rounds N           how often each of the two runs, for each compression (default 3)
#   --compression LIST   of none, gzip, snappy, lz4, zstd (default gzip,none)
#   --case FILE          events that end with the one that matches (default: benches/through-kafka/case.ndjson)
#   --weir BINARY        default: target/release/weir, built if it is not there
#   --java-options TEXT  for the JVM of Kafka Streams (default: none)
#
# A broker of its own is started and wiped at the end. JSON on standard output, progress on standard error. CPU seconds are those
# of the whole process, user and system, from its start to its end, as the kernel counted them (getrusage).
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
JAVA_PROJECT="$ROOT/benches/through-kafka"
CLASSES="$ROOT/target/through-kafka"
BROKER="bench-$$"

# How long things may take, in seconds.
FILL_LIMIT=1200
RUN_LIMIT=300
STOP_LIMIT=30

EVENTS=""
COUNT=400000
ROUNDS=3
COMPRESSIONS=gzip,none
CASE="$JAVA_PROJECT/case.ndjson"
WEIR="$ROOT/target/release/weir"
WEIR_IS_GIVEN=no
JAVA_OPTIONS=""

say() { printf '%s\n' "$*" >&2; }
die() { say "through-kafka.sh: $*"; exit 1; }
usage() { sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

read_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage; exit 0 ;;
      --events | --count | --rounds | --compression | --case | --weir | --java-options)
        [ $# -ge 2 ] || die "$1 needs a value" ;;
      *) usage >&2; die "unknown option $1" ;;
    esac
    case $1 in
      --events) EVENTS=$2 ;;
      --count) COUNT=$2 ;;
      --rounds) ROUNDS=$2 ;;
      --compression) COMPRESSIONS=$2 ;;
      --case) CASE=$2 ;;
      --weir) WEIR=$2; WEIR_IS_GIVEN=yes ;;
      --java-options) JAVA_OPTIONS=$2 ;;
    esac
    shift 2
  done
  [ -n "$EVENTS" ] || { usage >&2; die "--events is missing"; }
  [ -r "$EVENTS" ] || die "cannot read $EVENTS"
  [ -r "$CASE" ] || die "cannot read $CASE"
  local number
  for number in "$COUNT" "$ROUNDS"; do
    case $number in '' | 0* | *[!0-9]*) die "\`$number\` is no number from 1 on" ;; esac
  done
  COMPRESSIONS=${COMPRESSIONS//,/ }
  local compression
  for compression in $COMPRESSIONS; do
    case $compression in
      none | gzip | snappy | lz4 | zstd) ;;
      *) die "$compression is no compression of Kafka" ;;
    esac
  done
}

prepare() {
  command -v java >/dev/null && command -v mvn >/dev/null || die "needs java 17 and mvn (see scripts/kafka.sh install)"
  if [ ! -x "$WEIR" ]; then
    [ "$WEIR_IS_GIVEN" = no ] || die "$WEIR is no program"
    say "building $WEIR"
    (cd "$ROOT" && cargo build --release --package weir >&2)
  fi
  say "building the Java side"
  mvn -q -B -f "$JAVA_PROJECT/pom.xml" compile dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$CLASSES/lib" >"$WORK/mvn.log" 2>&1 ||
    die "the Java side could not be built: $(cat "$WORK/mvn.log")"
  CLASS_PATH="$CLASSES/classes:$CLASSES/lib/*"
}

start_broker() {
  "$ROOT/scripts/kafka.sh" --name "$BROKER" start --listeners plain
  local variables
  variables=$("$ROOT/scripts/kafka.sh" --name "$BROKER" env)
  SERVERS=$(sed -n 's/^export WEIR_TEST_KAFKA=//p' <<<"$variables")
  [ -n "$SERVERS" ] || die "the broker has not told where it listens"
}

# What is still running of what was started here, then the broker with all topics.
clean_up() {
  local status=$?
  trap - EXIT
  [ -z "${RUNNING:-}" ] || kill -KILL "$RUNNING" 2>/dev/null || true
  [ -z "${HELPING:-}" ] || kill -TERM "$HELPING" 2>/dev/null || true
  "$ROOT/scripts/kafka.sh" --name "$BROKER" wipe >/dev/null 2>&1 || true
  if [ "$status" = 0 ]; then
    rm -rf "$WORK"
  else
    say "through-kafka.sh: failed; what the programs wrote is in $WORK"
  fi
  exit "$status"
}

sink() { printf 'alerts-%s-%s-%s' "$1" "$2" "$3"; }

# Topic `events-COMPRESSION`, and a sink for each run.
fill() {
  local compression=$1 round sinks=()
  for round in $(seq "$ROUNDS"); do
    sinks+=("$(sink "$compression" weir "$round")" "$(sink "$compression" streams "$round")")
  done
  say "filling a topic with $COUNT events, compression $compression"
  # Behind `wait`, so that a signal is obeyed at once and not when the topic is full.
  timeout --foreground "$FILL_LIMIT" java -Xmx2g -cp "$CLASS_PATH" weir.bench.Fill "$SERVERS" "events-$compression" \
    "$compression" "$EVENTS" "$COUNT" "$CASE" "${sinks[@]}" >"$WORK/filled-$compression" 2>>"$WORK/tools.log" &
  HELPING=$!
  wait "$HELPING" || die "the topic could not be filled: $(tail -n 5 "$WORK/tools.log")"
  HELPING=""
}

# The shipped rule over the shipped declaration, with this run's topics.
write_statements() {
  local source=$1 sink=$2
  printf "SET 'auto.offset.reset' = 'earliest';\n"
  sed "s/'wineventlogs'/'$source'/" "$ROOT/rules/winlogevents.sql"
  sed "s/'windows_alerts'/'$sink'/" "$ROOT/rules/antivirus_enumeration.sql"
}

start_program() {
  local engine=$1 source=$2 sink=$3 folder=$4
  case $engine in
    weir)
      write_statements "$source" "$sink" >"$folder/rule.sql"
      PROGRAM=("$WEIR" run "$folder/rule.sql" --bootstrap-servers "$SERVERS" --data "$folder/data" --service-id "$sink-") ;;
    streams)
      # shellcheck disable=SC2206
      PROGRAM=(java $JAVA_OPTIONS -cp "$CLASS_PATH" weir.bench.Streams "$SERVERS" "$source" "$sink" "$sink" "$folder/state") ;;
  esac
  # The shell that measures waits for a child that first tells its process id, then becomes the program. Environment variables that
  # configure Weir are those of somebody's own server.
  (
    TIMEFORMAT='%3U %3S %3R'
    for name in $(compgen -e KSQL_ || true); do unset "$name"; done
    # shellcheck disable=SC2016
    { time sh -c 'echo $$ >"$0.new"; mv "$0.new" "$0"; exec "$@"' "$folder/pid" "${PROGRAM[@]}" \
      >"$folder/out" 2>"$folder/err"; } 2>"$folder/usage" || true
  ) &
  MEASURING=$!
  wait_for "$folder/pid" 5
  RUNNING=$(cat "$folder/pid")
}

# Until a file is there that is not empty.
wait_for() {
  local deadline=$((SECONDS + $2))
  until [ -s "$1" ]; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.02
  done
}

is_running() { kill -0 "$1" 2>/dev/null; }

stop_program() {
  local deadline=$((SECONDS + STOP_LIMIT))
  kill -TERM "$RUNNING" 2>/dev/null || true
  while is_running "$RUNNING"; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      kill -KILL "$RUNNING" 2>/dev/null || true
      die "$1 did not stop within $STOP_LIMIT seconds"
    fi
    sleep 0.05
  done
  wait "$MEASURING" || true
  RUNNING=""
}

# One run of one of the two: from its start until the alert is in its sink, then stopped. A line of figures goes to `runs`.
run() {
  local engine=$1 compression=$2 round=$3
  local sink folder deadline started ended first=- seen=-
  sink=$(sink "$compression" "$engine" "$round")
  folder="$WORK/$sink"
  mkdir -p "$folder"
  java -cp "$CLASS_PATH" weir.bench.Alerts "$SERVERS" "$sink" first $((RUN_LIMIT + 60)) \
    >"$folder/first" 2>>"$WORK/tools.log" &
  HELPING=$!
  wait_for "$folder/first" 60 || die "the sink cannot be watched: $(tail -n 5 "$WORK/tools.log")"

  started=$(date +%s%N)
  start_program "$engine" "events-$compression" "$sink" "$folder"
  deadline=$((SECONDS + RUN_LIMIT))
  while is_running "$HELPING"; do
    is_running "$RUNNING" || die "$engine ended before the alert: $(tail -n 5 "$folder/err" "$folder/out")"
    [ "$SECONDS" -lt "$deadline" ] || die "$engine gave no alert within $RUN_LIMIT seconds: $(tail -n 5 "$folder/err" "$folder/out")"
    sleep 0.02
  done
  ended=$(date +%s%N)
  wait "$HELPING" || die "the sink cannot be watched: $(tail -n 5 "$WORK/tools.log")"
  HELPING=""
  stop_program "$engine"

  # All that is in the sink after the program has stopped: exactly the one alert.
  timeout 60 java -cp "$CLASS_PATH" weir.bench.Alerts "$SERVERS" "$sink" all >"$folder/alerts" 2>>"$WORK/tools.log" ||
    die "the sink cannot be read: $(tail -n 5 "$WORK/tools.log")"
  [ "$(wc -l <"$folder/alerts")" = 1 ] || die "$engine wrote $(wc -l <"$folder/alerts") alerts, not one"
  [ -f "$WORK/alert" ] || cp "$folder/alerts" "$WORK/alert"
  cmp -s "$folder/alerts" "$WORK/alert" || die "$engine wrote another alert: $(cat "$folder/alerts")"

  if [ "$engine" = streams ]; then
    first=$(sed -n 's/^first //p' "$folder/out")
    seen=$(sed -n 's/^alert //p' "$folder/out")
  fi
  local user system whole
  read -r user system whole <"$folder/usage"
  printf '%s %s %s %s %s %s %s %s\n' "$compression" "$engine" "$round" "$user" "$system" \
    "$(awk "BEGIN { print ($ended - $started) / 1e9 }")" "$first" "$seen" >>"$WORK/runs"
  say "$(printf '%-6s %-7s round %s: %s s user, %s s system, %s s from start to end' \
    "$compression" "$engine" "$round" "$user" "$system" "$whole")"
}

# `runs` as JSON: each run, and for each compression the least and the median of each figure with their ratios.
report() {
  local bytes
  read -r _ bytes _ < <(cat "$WORK"/filled-*)
  awk -v count="$COUNT" -v bytes="$bytes" -v order="$COMPRESSIONS" -v load="$(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || true)" '
    function sorted(list, n,   i, j, swap) {
      for (i = 2; i <= n; i++)
        for (j = i; j > 1 && list[j] < list[j - 1]; j--) { swap = list[j]; list[j] = list[j - 1]; list[j - 1] = swap }
    }
    function gather(compression, what,   n) {
      split("", gathered)
      for (n = 1; n <= rounds[compression]; n++) gathered[n] = value[compression, what, n]
      sorted(gathered, n - 1)
      least = gathered[1]
      median = (n % 2 == 0) ? gathered[n / 2] : (gathered[(n - 1) / 2] + gathered[(n + 1) / 2]) / 2
    }
    function summary(compression, what, key) {
      gather(compression, what)
      return sprintf("\"%s\":{\"min\":%.3f,\"median\":%.3f}", key, least, median)
    }
    function ratio(compression, above, below, key,   a, b) {
      gather(compression, above); a = least; b = median
      gather(compression, below)
      return sprintf("\"%s\":{\"min\":%.2f,\"median\":%.2f}", key, a / least, b / median)
    }
    {
      compression = $1; engine = $2; round = $3; cpu = $4 + $5; per = 1e6 / count
      if (round > rounds[compression]) rounds[compression] = round
      value[compression, engine, round] = cpu * per
      value[compression, engine "-wall", round] = $6
      line = sprintf("{\"name\":\"%s\",\"compression\":\"%s\",\"round\":%d,\"wall_s\":%.3f,\"user_s\":%.3f,\"system_s\":%.3f,\"cpu_s_per_million\":%.3f", \
        engine, compression, round, $6, $4, $5, cpu * per)
      if (engine == "streams") {
        value[compression, "streams-warm", round] = (cpu - $7) * per
        line = line sprintf(",\"cpu_s_at_first_record\":%.3f,\"cpu_s_at_alert\":%.3f,\"cpu_s_per_million_without_start\":%.3f", \
          $7, $8, (cpu - $7) * per)
      }
      runs = runs (runs == "" ? "" : ",\n  ") line "}"
    }
    END {
      printf "{\"events\":%d,\"bytes\":%.0f,\"load_average_at_end\":\"%s\",\"runs\":[\n  %s],\n \"summary\":[", count, bytes, load, runs
      n = split(order, compressions, " ")
      for (i = 1; i <= n; i++) {
        c = compressions[i]
        printf "%s\n  {\"compression\":\"%s\",%s,%s,%s,\n   %s,%s}", (i > 1 ? "," : ""), c, \
          summary(c, "weir", "weir_cpu_s_per_million"), summary(c, "streams", "streams_cpu_s_per_million"), \
          summary(c, "streams-warm", "streams_cpu_s_per_million_without_start"), \
          ratio(c, "streams", "weir", "streams_over_weir"), ratio(c, "streams-warm", "weir", "streams_without_start_over_weir")
      }
      print "]}"
    }' "$WORK/runs"
}

read_arguments "$@"
WORK=$(mktemp -d "${TMPDIR:-/tmp}/weir-through-kafka.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
prepare
start_broker
for compression in $COMPRESSIONS; do
  fill "$compression"
  for round in $(seq "$ROUNDS"); do
    # Neither always comes first.
    if [ $((round % 2)) = 1 ]; then pair="weir streams"; else pair="streams weir"; fi
    for engine in $pair; do run "$engine" "$compression" "$round"; done
  done
done
report
