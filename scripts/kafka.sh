#!/usr/bin/env bash
# A real Apache Kafka on this machine, without Docker: one node, KRaft, loopback only, with a broker's default limits.
#
#   scripts/kafka.sh install                    brings the jars from Maven Central (needs java 17 and mvn)
#   scripts/kafka.sh start [--listeners LIST]   LIST: plain | all (default: all where openssl is there)
#   scripts/kafka.sh stop [--kill]              --kill: kill -9, as a power cut would; start goes on with the same data
#   scripts/kafka.sh env                        prints the variables that the tests look for:  eval "$(scripts/kafka.sh env)"
#   scripts/kafka.sh wipe                       stops it and removes its data
#
# --name NAME, before the command, is another broker beside the first one. Everything is under target/kafka of the
# checkout; `stop` ends the process in the pid file and no other.
set -euo pipefail

KAFKA_VERSION=4.3.1
# The version that this Kafka brings; without the bridge to it a broker logs nothing.
LOG4J_VERSION=2.25.4
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
HOME_DIR="$ROOT/target/kafka"
LIB="$HOME_DIR/lib"
NAME=main

USER_NAME=alice
USER_PASSWORD=alice-secret

say() { printf '%s\n' "$*" >&2; }
die() { say "kafka.sh: $*"; exit 1; }

usage() { sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

# --- install -------------------------------------------------------------------------------------------------------

need_java_and_maven() {
  local missing=()
  command -v java >/dev/null || missing+=(openjdk-17-jre-headless)
  command -v mvn >/dev/null || missing+=(maven)
  command -v openssl >/dev/null || missing+=(openssl)
  [ ${#missing[@]} -eq 0 ] && return
  if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "kafka.sh: installing ${missing[*]}"
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
    return
  fi
  die "needs ${missing[*]}; on Debian or Ubuntu: sudo apt-get install ${missing[*]}"
}

install() {
  if [ -f "$LIB/.complete-$KAFKA_VERSION-$LOG4J_VERSION" ]; then return; fi
  need_java_and_maven
  # Two may install at once: each into a folder of its own, and one of them is the one that stays.
  local new="$HOME_DIR/lib.new.$$"
  rm -rf "$new"
  mkdir -p "$new"
  cat >"$new/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$KAFKA_VERSION</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$KAFKA_VERSION</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>$LOG4J_VERSION</version></dependency>
  </dependencies>
</project>
POM
  mvn -q -B -f "$new/pom.xml" dependency:copy-dependencies \
    -DoutputDirectory="$new" -DincludeScope=runtime >&2
  touch "$new/.complete-$KAFKA_VERSION-$LOG4J_VERSION"
  if [ -f "$LIB/.complete-$KAFKA_VERSION-$LOG4J_VERSION" ]; then
    rm -rf "$new"
    return
  fi
  rm -rf "$LIB"
  mv "$new" "$LIB"
  say "kafka.sh: Apache Kafka $KAFKA_VERSION is in ${LIB#"$ROOT"/}"
}

# --- certificates --------------------------------------------------------------------------------------------------

# A CA, the broker's certificate for localhost and 127.0.0.1, a client's, its key also encrypted, and a CA that signed none of them.
make_certificates() {
  [ -f "$1/.complete" ] && return
  command -v openssl >/dev/null || die "needs openssl for the TLS listeners (or: start --listeners plain)"
  local dir="$1.new.$$"
  rm -rf "$dir"
  mkdir -p "$dir"
  local authority
  for authority in ca stranger-ca; do
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -sha256 -subj "/CN=weir-test-$authority" \
      -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
      -keyout "$dir/$authority.key" -out "$dir/$authority.pem" 2>/dev/null
  done
  make_certificate "$dir" server "subjectAltName=DNS:localhost,IP:127.0.0.1" serverAuth
  make_certificate "$dir" client "subjectAltName=DNS:client" clientAuth
  openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -passout pass:key-secret \
    -in "$dir/client.key" -out "$dir/client-encrypted.key"
  cat "$dir/server.key" "$dir/server.pem" >"$dir/server-keystore.pem"
  cat "$dir/client.key" "$dir/client.pem" >"$dir/client-keystore.pem"
  chmod 600 "$dir"/*.key "$dir"/*-keystore.pem
  touch "$dir/.complete"
  # Another start may have made them meanwhile, and runs with those.
  if [ -f "$1/.complete" ]; then
    rm -rf "$dir"
    return
  fi
  rm -rf "$1"
  mv "$dir" "$1"
}

make_certificate() {
  local dir=$1 who=$2 names=$3 usage=$4
  openssl req -new -newkey rsa:2048 -nodes -sha256 -subj "/CN=weir-test-$who" \
    -keyout "$dir/$who.key" -out "$dir/$who.csr" 2>/dev/null
  openssl x509 -req -in "$dir/$who.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 3650 -sha256 \
    -extfile <(printf '%s\nextendedKeyUsage=%s\n' "$names" "$usage") -out "$dir/$who.pem" 2>/dev/null
  rm "$dir/$who.csr"
}

# --- start ---------------------------------------------------------------------------------------------------------

# A port that nobody listens on, and that no other broker of this checkout has: one that is down at the moment comes back to
# its own. Making the folder is what takes it.
free_port() {
  local port attempt
  mkdir -p "$TAKEN"
  for attempt in $(seq 1 200); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    mkdir "$TAKEN/$port" 2>/dev/null || continue
    if ! answers "$port"; then
      REPLY=$port
      return
    fi
    rmdir "$TAKEN/$port"
  done
  die "found no free port on 127.0.0.1"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

running() { [ -f "$DIR/pid" ] && kill -0 "$(cat "$DIR/pid")" 2>/dev/null; }

# The ports are chosen once, so that a broker which starts again is where its clients look for it.
choose_ports() {
  [ -f "$DIR/ports" ] && return
  local port_name names="PLAIN CONTROLLER"
  [ "$1" = all ] && names="PLAIN SSL MTLS SASL SASL_SSL CONTROLLER"
  for port_name in $names; do
    free_port
    printf 'PORT_%s=%s\n' "$port_name" "$REPLY"
  done >"$DIR/ports.new"
  mv "$DIR/ports.new" "$DIR/ports"
}

write_properties() {
  # shellcheck disable=SC1091
  . "$DIR/ports"
  {
    cat <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:$PORT_CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$DIR/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
PROPERTIES
    if [ -z "${PORT_SSL:-}" ]; then
      cat <<PROPERTIES
listeners=PLAINTEXT://127.0.0.1:$PORT_PLAIN,CONTROLLER://127.0.0.1:$PORT_CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
PROPERTIES
    else
      local plain scram listener
      plain="org.apache.kafka.common.security.plain.PlainLoginModule required user_$USER_NAME=\"$USER_PASSWORD\";"
      scram="org.apache.kafka.common.security.scram.ScramLoginModule required;"
      cat <<PROPERTIES
listeners=PLAINTEXT://127.0.0.1:$PORT_PLAIN,SSL://127.0.0.1:$PORT_SSL,MTLS://127.0.0.1:$PORT_MTLS,SASL://127.0.0.1:$PORT_SASL,SASLSSL://127.0.0.1:$PORT_SASL_SSL,CONTROLLER://127.0.0.1:$PORT_CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,MTLS:SSL,SASL:SASL_PLAINTEXT,SASLSSL:SASL_SSL
ssl.keystore.type=PEM
ssl.keystore.location=$CERTS/server-keystore.pem
ssl.truststore.type=PEM
ssl.truststore.location=$CERTS/ca.pem
listener.name.mtls.ssl.client.auth=required
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
PROPERTIES
      for listener in sasl saslssl; do
        printf 'listener.name.%s.plain.sasl.jaas.config=%s\n' "$listener" "$plain"
        printf 'listener.name.%s.scram-sha-256.sasl.jaas.config=%s\n' "$listener" "$scram"
        printf 'listener.name.%s.scram-sha-512.sasl.jaas.config=%s\n' "$listener" "$scram"
      done
    fi
  } >"$DIR/server.properties"
  cat >"$DIR/log4j2.properties" <<'LOG'
status=warn
appender.file.type=File
appender.file.name=file
appender.file.fileName=${sys:weir.kafka.log}
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=%d %p %m (%c)%n
rootLogger.level=info
rootLogger.appenderRef.file.ref=file
LOG
}

format() {
  [ -f "$DIR/data/meta.properties" ] && return
  local id user
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')
  user="[name=$USER_NAME,password=$USER_PASSWORD]"
  # A cluster id that begins with a dash would be taken for an option.
  id="W${id:1}"
  java -cp "$LIB/*" -Dweir.kafka.log="$DIR/format.log" -Dlog4j2.configurationFile="$DIR/log4j2.properties" \
    kafka.tools.StorageTool format -t "$id" -c "$DIR/server.properties" \
    --add-scram "SCRAM-SHA-256=$user" --add-scram "SCRAM-SHA-512=$user" >"$DIR/format.out" 2>&1 ||
    die "the data folder could not be formatted: $(tail -3 "$DIR/format.out")"
}

start() {
  local listeners=all
  command -v openssl >/dev/null || listeners=plain
  while [ $# -gt 0 ]; do
    case $1 in
      --listeners) listeners=${2:?--listeners needs plain or all}; shift 2 ;;
      *) die "unknown option $1" ;;
    esac
  done
  case $listeners in plain | all) ;; *) die "--listeners is plain or all, not $listeners" ;; esac
  install
  mkdir -p "$DIR"
  if running; then say "kafka.sh: $NAME runs already (pid $(cat "$DIR/pid"))"; return; fi
  choose_ports "$listeners"
  # shellcheck disable=SC1091
  . "$DIR/ports"
  [ -z "${PORT_SSL:-}" ] || make_certificates "$CERTS"
  write_properties
  format
  # Whether this start is done is read from its log: what an earlier one wrote must not be in it.
  [ ! -f "$DIR/server.log" ] || mv "$DIR/server.log" "$DIR/server.log.before"
  nohup java -Xmx1g -cp "$LIB/*" -Dweir.kafka.log="$DIR/server.log" -Dlog4j2.configurationFile="$DIR/log4j2.properties" \
    kafka.Kafka "$DIR/server.properties" >"$DIR/server.out" 2>&1 </dev/null &
  echo $! >"$DIR/pid"
  wait_until_ready
}

# The log says when every listener is open; an open port alone says less.
wait_until_ready() {
  local attempt
  for attempt in $(seq 1 900); do
    running || die "the broker ended: $(tail -5 "$DIR/server.out" "$DIR/server.log" 2>/dev/null)"
    if answers "$PORT_PLAIN" && grep -qs 'Kafka Server started' "$DIR/server.log"; then
      say "kafka.sh: $NAME is ready on 127.0.0.1:$PORT_PLAIN (pid $(cat "$DIR/pid"))"
      return
    fi
    sleep 0.2
  done
  die "the broker did not answer within 180 seconds; see ${DIR#"$ROOT"/}/server.log"
}

stop() {
  local signal=TERM
  [ "${1:-}" = --kill ] && signal=KILL
  if ! running; then
    rm -f "$DIR/pid"
    say "kafka.sh: $NAME does not run"
    return
  fi
  local pid attempt
  pid=$(cat "$DIR/pid")
  kill "-$signal" "$pid"
  for attempt in $(seq 1 150); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  # A broker that cannot reach its controller waits for it while it stops.
  kill -KILL "$pid" 2>/dev/null || true
  rm -f "$DIR/pid"
}

wipe() {
  running && stop --kill
  local port
  if [ -f "$DIR/ports" ]; then
    for port in $(sed 's/.*=//' "$DIR/ports"); do rmdir "$TAKEN/$port" 2>/dev/null || true; done
  fi
  rm -rf "$DIR"
}

print_env() {
  [ -f "$DIR/ports" ] || die "$NAME was never started"
  # shellcheck disable=SC1091
  . "$DIR/ports"
  printf 'export WEIR_TEST_KAFKA=127.0.0.1:%s\n' "$PORT_PLAIN"
  if [ -n "${PORT_SSL:-}" ]; then
    printf 'export WEIR_TEST_KAFKA_SSL=localhost:%s\n' "$PORT_SSL"
    printf 'export WEIR_TEST_KAFKA_MTLS=localhost:%s\n' "$PORT_MTLS"
    printf 'export WEIR_TEST_KAFKA_SASL=127.0.0.1:%s\n' "$PORT_SASL"
    printf 'export WEIR_TEST_KAFKA_SASL_SSL=localhost:%s\n' "$PORT_SASL_SSL"
    printf 'export WEIR_TEST_KAFKA_CERTS=%s\n' "$CERTS"
    printf 'export WEIR_TEST_KAFKA_USER=%s\n' "$USER_NAME"
    printf 'export WEIR_TEST_KAFKA_PASSWORD=%s\n' "$USER_PASSWORD"
  fi
}

if [ "${1:-}" = --name ]; then
  NAME=${2:?--name needs a name}
  case $NAME in *[!a-z0-9-]* | lib | certs | taken) die "a name has letters, digits and dashes, and is not lib, certs or taken" ;; esac
  shift 2
fi
DIR="$HOME_DIR/$NAME"
CERTS="$HOME_DIR/certs"
TAKEN="$HOME_DIR/taken"

command=${1:-}
[ $# -gt 0 ] && shift
case $command in
  install) install ;;
  start) start "$@" ;;
  stop) stop "$@" ;;
  env) print_env ;;
  wipe) wipe ;;
  *) usage; exit 2 ;;
esac
