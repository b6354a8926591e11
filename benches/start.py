#!/usr/bin/env python3
"""How long `weir server` takes to answer: `benches/start.py target/release/weir [--bootstrap-servers HOST:PORT] [--rounds N]`.

Fills a statement log with a hundred statements (a stream, and 99 queries over it, all running), stops the server, and measures from
its start to the first answer of /info, and to the moment when all 99 queries are RUNNING. Over an embedded broker of its own, or over
the Kafka that is named, under a service id of its own.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

STATEMENTS = 100


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def ask(port, path, body=None):
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=data, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def start(arguments, port):
    """The process, and the seconds until it answered."""
    started = time.monotonic()
    process = subprocess.Popen([*arguments, "--listen", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    while time.monotonic() - started < 60:
        try:
            ask(port, "/info")
            return process, time.monotonic() - started, started
        except OSError:
            time.sleep(0.001)
    process.kill()
    sys.exit("the server does not answer")


def until_running(port, started):
    while time.monotonic() - started < 60:
        queries = ask(port, "/ksql", {"ksql": "SHOW QUERIES;"})[0]["queries"]
        if sum(query["state"] == "RUNNING" for query in queries) == STATEMENTS - 1:
            return time.monotonic() - started
        time.sleep(0.005)
    sys.exit("the queries do not run")


def stop(process):
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    return time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--bootstrap-servers")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        if options.bootstrap_servers:
            name = f"bench_start_{os.getpid()}_"
            where = ["--bootstrap-servers", options.bootstrap_servers, "--service-id", name, "--data", folder]
        else:
            name = "events"
            where = ["--embedded", folder]
        arguments = [options.program, "server", *where]
        process, first, _ = start(arguments, port)
        ask(port, "/ksql", {"ksql": f"CREATE STREAM events (message VARCHAR) WITH (KAFKA_TOPIC='{name}', VALUE_FORMAT='JSON', PARTITIONS=1);"})
        for number in range(STATEMENTS - 1):
            ask(port, "/ksql", {"ksql": f"CREATE STREAM found_{number} WITH (KAFKA_TOPIC='{name}found_{number}') AS SELECT * FROM events WHERE message LIKE '%{number}%';"})
        answered, running, stopped = [], [], [stop(process)]
        for _ in range(options.rounds):
            process, seconds, started = start(arguments, port)
            answered.append(seconds * 1000)
            running.append(until_running(port, started) * 1000)
            stopped.append(stop(process))
    print(f"empty log: /info after {first * 1000:.0f} ms")
    for what, times in (("/info", answered), ("all queries RUNNING", running)):
        print(f"{STATEMENTS} statements: {what} after {statistics.median(times):.0f} ms (median of {options.rounds}; longest {max(times):.0f})")
    print(f"SIGTERM to the end: longest {max(stopped) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
