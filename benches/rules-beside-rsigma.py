#!/usr/bin/env python3
"""Sigma rules over a file of events: `weir sigma eval` beside `rsigma engine eval`, same rules, same events, same core, in turns.

    benches/rules-beside-rsigma.py --rules DIR --events FILE --pipeline FILE [options]

Rules are ordered by the SHA-256 of their ids. Measured are single rules (the first `--singles` of that order, one run each, the
median is told) and all of them. A run is a process, pinned to one core; what the same process takes over a file with no event is
taken off, for both programs alike. JSON on standard output, progress on standard error.

rsigma 0.23: `cargo install rsigma --version 0.23.0 --locked`. The pipeline is one that maps Sigma's fields to Winlogbeat's.
"""

import argparse
import gzip
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

# No run takes longer, in seconds.
LIMIT = 600

# Which events are the pipeline's: the log source's channel, whatever else it is.
ROUTING = ["--logsource-routing", "--logsource-field-map", "product=none,service=winlog.channel,category=none"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=pathlib.Path, required=True, help="a folder of Sigma rules")
    parser.add_argument("--events", type=pathlib.Path, required=True, help="one JSON event a line, `.gz` is unpacked")
    parser.add_argument("--pipeline", type=pathlib.Path, required=True, help="rsigma's processing pipeline")
    parser.add_argument("--weir", default="target/release/weir")
    parser.add_argument("--rsigma", default="rsigma")
    parser.add_argument("--singles", type=int, default=20, help="how many rules are run alone (default 20)")
    parser.add_argument("--rounds", type=int, default=3, help="runs with all rules, of which the fastest counts (default 3)")
    parser.add_argument("--core", type=int, default=0, help="the core that all run on (default 0)")
    return parser.parse_args()


def ordered(folder):
    """The files that rules are in, by the SHA-256 of the rule's id."""
    found = []
    for path in folder.rglob("*.yml"):
        named = re.search(r"^id:\s*['\"]?([0-9a-fA-F-]{36})", path.read_text(encoding="utf-8"), re.MULTILINE)
        if named:
            found.append((hashlib.sha256(named.group(1).lower().encode()).hexdigest(), path))
    if not found:
        sys.exit(f"{folder} has no rule with an id")
    return [path for _, path in sorted(found)]


def run(command, core, output):
    """Wall and CPU seconds, and the most memory in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    with open(output, "wb") as out:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command], stdout=out, stderr=subprocess.PIPE
        )
        try:
            _, errors = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            sys.exit(f"{command[0]} took more than {LIMIT} s")
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        sys.exit(f"{' '.join(command)}: status {process.returncode}\n{errors.decode(errors='replace')[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "cpu": cpu}


class Programs:
    def __init__(self, given, work):
        self.given, self.work = given, work

    def command(self, engine, rules, events):
        given = self.given
        if engine == "weir":
            return [given.weir, "sigma", "eval", "--rules", rules, "--events", events, "--threads", "1", "--output", "json"]
        return [given.rsigma, "engine", "eval", "-r", rules, "-p", str(given.pipeline), *ROUTING, "-e", f"@{events}"]

    def measure(self, engine, rules, events, empty, count):
        """One run, with what loading takes taken off."""
        out = os.path.join(self.work, f"{engine}.out")
        core = self.given.core
        load = run(self.command(engine, rules, empty), core, out)
        whole = run(self.command(engine, rules, events), core, out)
        with open(out, "rb") as lines:
            matches = sum(1 for line in lines if line.strip())
        seconds = whole["wall"] - load["wall"]
        return {
            "engine": engine,
            "events": count,
            "matches": matches,
            "load_s": round(load["wall"], 3),
            "seconds": round(seconds, 3),
            "cpu_s": round(whole["cpu"] - load["cpu"], 3),
            "events_per_s": round(count / seconds),
        }


def unpacked(path, work):
    """A plain file of the events, and how many there are."""
    plain = os.path.join(work, "events.ndjson")
    opened = gzip.open if path.suffix == ".gz" else open
    count = 0
    with opened(path, "rb") as source, open(plain, "wb") as target:
        for line in source:
            if line.strip():
                target.write(line)
                count += 1
    return plain, count


def folder_of(paths, work, name):
    folder = os.path.join(work, name)
    os.makedirs(folder)
    for place, path in enumerate(paths):
        shutil.copy(path, os.path.join(folder, f"{place:05}.yml"))
    return folder


def main():
    given = arguments()
    rules = ordered(given.rules)
    with tempfile.TemporaryDirectory(prefix="weir-rules-") as work:
        events, count = unpacked(given.events, work)
        empty = os.path.join(work, "empty.ndjson")
        with open(empty, "wb"):
            pass
        programs = Programs(given, work)
        singles = {"weir": [], "rsigma": []}
        for place, path in enumerate(rules[: given.singles]):
            folder = folder_of([path], work, f"single-{place}")
            for engine, runs in singles.items():
                runs.append(programs.measure(engine, folder, events, empty, count))
                print(f"{path.stem}: {engine} {runs[-1]['events_per_s']} events/s", file=sys.stderr)
        everything = folder_of(rules, work, "all")
        together = {"weir": [], "rsigma": []}
        for _ in range(given.rounds):
            for engine, runs in together.items():
                runs.append(programs.measure(engine, everything, events, empty, count))
                print(f"all: {engine} {runs[-1]['events_per_s']} events/s", file=sys.stderr)
        one = {engine: statistics.median(run["events_per_s"] for run in runs) for engine, runs in singles.items()}
        best = {engine: max(runs, key=lambda run: run["events_per_s"]) for engine, runs in together.items()}
        report = {
            "rules": len(rules),
            "one_rule": {
                "events_per_s": one,
                "matches": {engine: sum(run["matches"] for run in runs) for engine, runs in singles.items()},
                "weir_over_rsigma": round(one["weir"] / one["rsigma"], 2),
            },
            "all_rules": {
                **best,
                "weir_over_rsigma": round(best["weir"]["events_per_s"] / best["rsigma"]["events_per_s"], 2),
            },
        }
        print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
