#!/usr/bin/env bash
# Plain curl against the server whose URL is the one argument, over HTTP/1.1 and HTTP/2.
set -euo pipefail
url=$1

expect() { # what it is, what is expected in it, what it is
    case $3 in
    *"$2"*) ;;
    *)
        printf '%s: no %s in\n%s\n' "$1" "$2" "$3" >&2
        exit 1
        ;;
    esac
}

for version in --http1.1 --http2-prior-knowledge; do
    name="sh_words_${version//[^a-z0-9]/}"
    ask() { curl --silent --show-error --max-time 20 "$version" "$@"; }
    ksql() { ask --header 'Content-Type: application/vnd.ksql.v1+json; charset=utf-8' "$url/ksql" --data-binary "{\"ksql\":\"$1\",\"streamsProperties\":{}}"; }

    expect info '"KsqlServerInfo":{"version":"' "$(ask "$url/info")"
    expect create '"message":"Stream created"' "$(ksql "CREATE STREAM $name (id INT KEY, word VARCHAR) WITH (KAFKA_TOPIC='$name', VALUE_FORMAT='JSON', PARTITIONS=1);")"
    expect list "\"topic\":\"$name\"" "$(ksql 'SHOW STREAMS;')"
    expect insert '[]' "$(ksql "INSERT INTO $name VALUES (1, 'tree'); INSERT INTO $name VALUES (2, 'wind');")"
    expect push '["wind"]' "$(ask "$url/query-stream" --data-binary "{\"sql\":\"SELECT word FROM $name EMIT CHANGES LIMIT 2;\",\"properties\":{\"auto.offset.reset\":\"earliest\"}}")"
    rows=$(ask --header 'Content-Type: application/json' "$url/query" --data-binary "{\"ksql\":\"SELECT * FROM $name EMIT CHANGES LIMIT 2;\",\"streamsProperties\":{\"ksql.streams.auto.offset.reset\":\"earliest\"}}")
    expect query '{"row":{"columns":[1,"tree"]}},' "$rows"
    expect limit '{"finalMessage":"Limit Reached"}]' "$rows"
    expect print "value: {\"WORD\":\"tree\"}, partition: 0" "$(ask --header 'Content-Type: application/json' "$url/query" --data-binary "{\"ksql\":\"PRINT $name FROM BEGINNING LIMIT 1;\"}")"
    query=$(ksql "CREATE STREAM ${name}_copy AS SELECT * FROM $name EMIT CHANGES;")
    expect csas '"queryId":"CSAS_' "$query"
    id=$(sed 's/.*"queryId":"\([^"]*\)".*/\1/' <<<"$query")
    expect terminate '"message":"Query terminated."' "$(ksql "TERMINATE $id;")"
    expect drop '"status":"SUCCESS"' "$(ksql "DROP STREAM ${name}_copy;")"
    expect refuse '"error_code":40001' "$(ksql 'SHOW NOTHING;')"
done
echo done
