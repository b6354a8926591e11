#!/usr/bin/env python3
"""What it takes to make a folder of Sigma rules the queries of a server, to add one, and to start with all of them.

    benches/deploy-rules.py --rules DIR --events FILE [--weir target/release/weir] [--output json]

Starts `weir server` over an embedded broker of its own, deploys the folder, and deploys it again unchanged. While the events flow into
the topic, it adds twenty queries one by one, each a statement of its own over /ksql, and another twenty when the events are through.
Then it stops the server, starts it on the same data, and waits until every query is RUNNING.

Memory is what is resident in the server's process when it has nothing to do. The events are written once, and again from the beginning for as long as the
twenty statements take. The rules have to be about Windows (the statements ask for a process's image), in Winlogbeat's layout.
"""

import argparse
import gzip
import http.client
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOPIC = "events"
SINK = "alerts"

# How many queries are added one by one, with how many seconds between them.
FURTHER = 20
PAUSE = 0.02

# So many events are on their way before the first of them is added.
UNDER_WAY = 2_000

# Nothing that is waited for takes longer, in seconds.
LIMIT = 120

STATEMENT = """
INSERT INTO `{sink}` WITH (QUERY_ID = 'FURTHER_{name}')
SELECT '{name}' AS RULE_ID,
       'A program that nobody has' AS RULE_TITLE,
       'low' AS RULE_LEVEL,
       ARRAY['bench'] AS RULE_TAGS,
       CAST(NULL AS VARCHAR) AS RULE_AUTHOR,
       FROM_UNIXTIME(ROWTIME) AS EVENT_TIME,
       '{topic}' AS SOURCE_TOPIC,
       ROWPARTITION AS SOURCE_PARTITION,
       ROWOFFSET AS SOURCE_OFFSET,
       RAW_VALUE AS EVENT
FROM `{topic}`
WHERE `winlog`->`event_id` = '1' AND `winlog`->`event_data`->`Image` ILIKE '%\\nobody-has-{name}.exe'
EMIT CHANGES;
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=pathlib.Path, required=True, help="a folder of Sigma rules for Windows")
    parser.add_argument("--events", type=pathlib.Path, required=True, help="one JSON event a line, `.gz` is unpacked")
    parser.add_argument("--weir", default="target/release/weir")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    return parser.parse_args()


class Server:
    """A server on a loopback port, with its embedded broker in a folder."""

    def __init__(self, program, folder):
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = os.path.join(folder, "server.log")
        self.started = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [program, "server", "--listen", f"127.0.0.1:{self.port}", "--embedded", os.path.join(folder, "broker")],
                stdout=log,
                stderr=log,
            )
        self.wait_until_it_answers()

    def wait_until_it_answers(self):
        while time.monotonic() - self.started < LIMIT and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5):
                    return
            except OSError:
                time.sleep(0.005)
        self.fail("the server does not answer")

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)

    def say(self, sql, connection=None):
        """The answer to statements. A connection that is kept is given by the caller."""
        asked = connection or self.connection()
        asked.request("POST", "/ksql", json.dumps({"ksql": sql}), {"Content-Type": "application/json"})
        answer = asked.getresponse()
        body = answer.read()
        if connection is None:
            asked.close()
        if answer.status != 200:
            self.fail(f"status {answer.status}: {body[:2000].decode(errors='replace')}")
        return json.loads(body)

    def running(self):
        """How many queries run."""
        return sum(query["state"] == "RUNNING" for query in self.say("SHOW QUERIES;")[0]["queries"])

    def seconds_until_running(self, count):
        """From the process's start until so many queries run."""
        running = 0
        while time.monotonic() - self.started < LIMIT:
            running = self.running()
            if running >= count:
                return time.monotonic() - self.started
            time.sleep(0.01)
        self.fail(f"{running} queries of {count} run after {LIMIT} s")

    def memory(self):
        """What is resident, and how much of it is not the program's file, in KB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            sizes = dict(line.split(":", 1) for line in status)
        return [int(sizes[name].split()[0]) for name in ("VmRSS", "RssAnon")]

    def seconds_at_work(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            ticks = stat.read().rsplit(")", 1)[1].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def settled(self):
        """The memory, once the server has nothing to do: in the last second it worked for a twentieth of it, and its size was the same."""
        before, worked, started = self.memory(), self.seconds_at_work(), time.monotonic()
        while time.monotonic() - started < LIMIT:
            time.sleep(1)
            now, work = self.memory(), self.seconds_at_work()
            if abs(now[0] - before[0]) * 200 <= before[0] and work - worked <= 0.05:
                return now
            before, worked = now, work
        self.fail(f"the server is at work for {LIMIT} s")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def fail(self, why):
        self.stop()
        with open(self.log, encoding="utf-8", errors="replace") as log:
            sys.exit(f"{why}\n{log.read()[-2000:]}")


class Flow:
    """`weir produce` with a file of events, which begins anew until it is told that once is enough."""

    def __init__(self, program, url, events):
        self.process = subprocess.Popen(
            [program, "produce", TOPIC, "-", "--url", url], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        self.events = events
        self.count = 0
        self.is_enough = threading.Event()
        self.writer = threading.Thread(target=self.write, daemon=True)
        self.writer.start()

    def write(self):
        opened = gzip.open if self.events.suffix == ".gz" else open
        try:
            with self.process.stdin as target:
                while self.count == 0 or not self.is_enough.is_set():
                    before = self.count
                    with opened(self.events, "rb") as source:
                        for line in source:
                            if before and self.is_enough.is_set():
                                return
                            target.write(line)
                            self.count += 1
                    if self.count == before:
                        return
        except BrokenPipeError:
            return

    def wait_until_under_way(self):
        while self.count < UNDER_WAY and self.writer.is_alive():
            time.sleep(0.005)

    def finish(self):
        self.is_enough.set()
        self.writer.join()
        if self.process.wait(LIMIT) or not self.count:
            sys.exit(f"`weir produce` ended with status {self.process.returncode} after {self.count} events")


def deploy(program, server, rules, work):
    """The seconds of a deployment, and its sums."""
    summary = os.path.join(work, "summary.json")
    command = [program, "sigma", "deploy", str(rules), "--url", server.url, "--topic", TOPIC, "--sink", SINK]
    started = time.monotonic()
    done = subprocess.run(
        [*command, "--partitions", "1", "--summary", summary], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=600
    )
    seconds = time.monotonic() - started
    if done.returncode:
        server.fail(f"`weir sigma deploy`: status {done.returncode}\n{done.stderr[-2000:].decode(errors='replace')}")
    with open(summary, encoding="utf-8") as file:
        return seconds, json.load(file)


def further(server, name):
    """Adds queries one by one; what each takes, in milliseconds."""
    connection, times = server.connection(), []
    for number in range(FURTHER):
        sql = STATEMENT.format(sink=SINK, topic=TOPIC, name=f"{name}_{number}")
        started = time.monotonic()
        server.say(sql, connection)
        times.append((time.monotonic() - started) * 1000)
        time.sleep(PAUSE)
    connection.close()
    return {"median": round(statistics.median(times), 1), "highest": round(max(times), 1)}


def measure(given, work, servers):
    report = {}
    server = Server(given.weir, work)
    servers.append(server)
    before = server.settled()

    seconds, sums = deploy(given.weir, server, given.rules, work)
    report["created"] = created = sums["created"]
    if not created:
        server.fail(f"{given.rules} has no rule that becomes a query")
    report["deploy_s"] = round(seconds, 2)
    after = server.settled()
    report["rss_mb_before"] = round(before[0] / 1024, 1)
    report["rss_mb_deployed"] = round(after[0] / 1024, 1)
    report["kb_a_rule"] = round((after[0] - before[0]) / created, 1)
    report["kb_a_rule_without_the_program"] = round((after[1] - before[1]) / created, 1)

    seconds, sums = deploy(given.weir, server, given.rules, work)
    if sums["unchanged"] != created:
        server.fail(f"{created} rules were created, and {sums['unchanged']} of them unchanged")
    report["again_s"] = round(seconds, 2)
    report["rss_mb_deployed_again"] = round(server.settled()[0] / 1024, 1)

    flow = Flow(given.weir, server.url, given.events)
    flow.wait_until_under_way()
    report["further_ms_under_flow"] = further(server, "flow")
    flow.finish()
    report["events"] = flow.count
    server.settled()
    report["further_ms_idle"] = further(server, "idle")
    report["rss_mb_after_events"] = round(server.settled()[0] / 1024, 1)

    report["queries"] = queries = server.running()
    server.stop()
    server = Server(given.weir, work)
    servers.append(server)
    report["restart_s"] = round(server.seconds_until_running(queries), 2)
    report["rss_mb_restarted"] = round(server.settled()[0] / 1024, 1)
    return report


def tell(report):
    flow, idle = report["further_ms_under_flow"], report["further_ms_idle"]
    print(f"deploying {report['created']} rules: {report['deploy_s']} s; again, unchanged: {report['again_s']} s")
    print(
        f"resident: {report['rss_mb_before']} MB before, {report['rss_mb_deployed']} MB with the rules"
        f" ({report['kb_a_rule']} KB a rule, {report['kb_a_rule_without_the_program']} KB without pages of the program's file),"
        f" {report['rss_mb_deployed_again']} MB deployed again,"
        f" {report['rss_mb_after_events']} MB after {report['events']} events, {report['rss_mb_restarted']} MB after the restart"
    )
    print(f"a further one under load: median {flow['median']} ms, highest {flow['highest']} ms (of {FURTHER})")
    print(f"a further one, idle: median {idle['median']} ms, highest {idle['highest']} ms (of {FURTHER})")
    print(f"restart: all {report['queries']} queries RUNNING after {report['restart_s']} s")


def main():
    given = arguments()
    servers = []
    with tempfile.TemporaryDirectory(prefix="weir-deploy-") as work:
        try:
            report = measure(given, work, servers)
        finally:
            for server in servers:
                server.stop()
    if given.output == "json":
        print(json.dumps(report, indent=2))
    else:
        tell(report)


if __name__ == "__main__":
    main()
