#!/usr/bin/env python3
"""How fast rows reach a client: `benches/push-delivery.py target/release/weir EVENTS.ndjson.gz [--rounds N]`.

Starts `weir server` over an embedded broker of its own and writes the events to a topic. Then, in rounds:

  push      SELECT * … EMIT CHANGES LIMIT <all> over HTTP/2, from the beginning, in the form of /query-stream and in v1
  records   GET /topics/…/records, the same records as bytes

with rows a second, and the server's own CPU seconds per million. Last, the time from before a record is written to when its row
is at a client that follows: one record at a time, then a hundred a second.

Needs curl (with HTTP/2) and nothing else but Python.
"""

import argparse
import gzip
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

DECLARATION = """
CREATE STREAM events (
  `@timestamp` VARCHAR, message VARCHAR, ecs STRUCT<version VARCHAR>,
  event STRUCT<code VARCHAR, provider VARCHAR, kind VARCHAR, created VARCHAR>,
  host STRUCT<name VARCHAR>, log STRUCT<level VARCHAR>,
  winlog STRUCT<channel VARCHAR, computer_name VARCHAR, event_id VARCHAR, record_id VARCHAR, provider_name VARCHAR,
                event_data MAP<VARCHAR, VARCHAR>>
) WITH (KAFKA_TOPIC='events', VALUE_FORMAT='JSON', PARTITIONS=1);
"""


def post(url, body, content_type="application/json"):
    request = urllib.request.Request(url, data=body, headers={"Content-Type": content_type})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return answer.read()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_megabytes(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) >> 10 for line in status if line.startswith("VmHWM:"))


def curl(*arguments):
    return ["curl", "--silent", "--show-error", "--no-buffer", "--fail", "--http2-prior-knowledge", *arguments]


def query(limit=None, accept=None):
    sql = "SELECT * FROM events EMIT CHANGES" + (f" LIMIT {limit};" if limit else ";")
    body = json.dumps({"sql": sql, "properties": {"auto.offset.reset": "earliest" if limit else "latest"}})
    headers = ["--header", f"Accept: {accept}"] if accept else []
    return [*headers, "--data-binary", body]


def transfer(name, pid, count, arguments):
    before, started = cpu_seconds(pid), time.monotonic()
    process = subprocess.Popen(curl(*arguments), stdout=subprocess.PIPE)
    lines = size = 0
    while chunk := process.stdout.read(1 << 20):
        lines += chunk.count(b"\n")
        size += len(chunk)
    assert process.wait() == 0
    took, cpu = time.monotonic() - started, cpu_seconds(pid) - before
    assert lines >= count, f"{name}: {lines} lines, expected {count}"
    print(
        f"{name:<22} {count / took:>9,.0f} rows/s {size / took / 1e6:>7.1f} MB/s"
        f" {cpu / count * 1e6:>6.2f} CPU s per million (server)"
    )
    return count / took


def latency(name, url, count, pause):
    follow = subprocess.Popen(curl(*query(), f"{url}/query-stream"), stdout=subprocess.PIPE)
    follow.stdout.readline()
    sent, waits, done = {}, [], threading.Event()

    def read():
        for line in follow.stdout:
            now = time.monotonic()
            number = int(json.loads(line)[1])
            waits.append(now - sent[number])
            if len(waits) == count:
                break
        done.set()

    threading.Thread(target=read, daemon=True).start()
    for number in range(count):
        sent[number] = time.monotonic()
        post(f"{url}/topics/events/records", json.dumps({"message": str(number)}).encode(), "application/x-ndjson")
        time.sleep(pause)
    assert done.wait(60), f"{len(waits)} rows of {count} have come"
    follow.kill()
    follow.wait()
    waits.sort()
    at = lambda part: waits[min(len(waits) - 1, int(len(waits) * part))] * 1000
    print(f"{name:<22} median {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, longest {waits[-1] * 1000:.1f} ms ({count} records)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("events")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    opened = gzip.open if options.events.endswith(".gz") else open
    with opened(options.events, "rb") as file:
        lines = file.read().splitlines(keepends=True)
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        server = subprocess.Popen(
            [options.program, "server", "--embedded", folder, "--listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            url = next(line for line in server.stderr if "listening on" in line).split()[-1]
            threading.Thread(target=server.stderr.read, daemon=True).start()
            measure(options, lines, url, server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(10)


def measure(options, lines, url, pid):
    post(f"{url}/ksql", json.dumps({"ksql": DECLARATION}).encode())
    for start in range(0, len(lines), 5000):
        post(f"{url}/topics/events/records", b"".join(lines[start : start + 5000]), "application/x-ndjson")
    count = len(lines)
    ratios = []
    for _ in range(options.rounds):
        stream = f"{url}/query-stream"
        pushed = transfer("push, delimited", pid, count, [*query(count), stream])
        transfer("push, v1+json", pid, count, [*query(count, "application/vnd.ksql.v1+json"), stream])
        records = transfer("records", pid, count, [f"{url}/topics/events/records"])
        ratios.append(records / pushed)
    print(f"records are {statistics.median(ratios):.1f} times as fast as the delimited push (median of {options.rounds})")
    latency("one after the other", url, 300, 0.02)
    latency("a hundred a second", url, 1000, 0.01)
    print(f"most memory of the server: {peak_megabytes(pid)} MB")


if __name__ == "__main__":
    sys.exit(main())
