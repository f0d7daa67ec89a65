"""What the scripts of this folder share: scenarios, configs, workers and what they stored. Not run by itself.

Every wait is for an event and has a deadline; what a script starts, it ends.
"""

import atexit
import contextlib
import io
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request

STACK = pathlib.Path(__file__).resolve().parent.parent
PYTHON = os.environ["CROSSCHECK_TEST_PYTHON"]
BINARY = os.environ["CROSSCHECK_BIN"]
KAFKA = os.environ["CROSSCHECK_TEST_KAFKA"]
REGISTRY = os.environ["CROSSCHECK_TEST_REGISTRY"]
DIR = pathlib.Path(os.environ["SEEN_DIR"])
# Topics, releases and databases of this run have names of their own on a stack that others use too.
RUN = f"seen-{os.getpid()}-{int(time.time())}"
WAIT = float(os.environ.get("SEEN_WAIT", "240"))
# Who is told to end ends what it started, too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def say(text):
    print(text, flush=True)


def need(holds, what):
    if not holds:
        sys.exit(f"seen: {what}")


def until(what, check, alive=None, seconds=WAIT, pause=0.05):
    """The first true answer of `check`; `alive` is the worker without which it cannot come."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if alive is not None and alive.process.poll() is not None:
            sys.exit(f"seen: the worker ended with {alive.process.returncode} before {what}\n{alive.tail()}")
        if time.monotonic() > deadline:
            sys.exit(f"seen: {what} did not come within {seconds:.0f} s\n{alive.tail() if alive else ''}")
        time.sleep(pause)


class Scenario:
    """Two topics that scenario.py writes, and the truth about them."""

    def __init__(self, name, *options, gated=False):
        self.baseline, self.canary = f"{RUN}.{name}", f"{RUN}.{name}.canary"
        self.truth = DIR / f"{name}.truth.json"
        arguments = ["--baseline", self.baseline, "--canary", self.canary, "--truth", self.truth, *options]
        arguments += ["--gate"] if gated else []
        self.process = subprocess.Popen(
            [PYTHON, STACK / "scenario.py", *map(str, arguments)],
            stdin=subprocess.PIPE if gated else subprocess.DEVNULL,
            stdout=subprocess.PIPE if gated else None,
            text=True,
        )
        atexit.register(self.process.kill)
        if gated:
            need(self.process.stdout.readline(), "the scenario could not begin")

    @classmethod
    def shared(cls, name, *options):
        """Written once for all scripts of one `tests/stack/seen`."""
        home = DIR.parent / f"{name}.scenario.json"
        if home.exists():
            found = cls.__new__(cls)
            found.baseline, found.canary, truth = json.loads(home.read_text())
            found.truth = pathlib.Path(truth)
            return found
        made = cls(name, *options).written()
        home.write_text(json.dumps([made.baseline, made.canary, str(made.truth)]))
        return made

    def go_on(self):
        """Lets a gated scenario, whose topics exist, write its next part."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def written(self):
        need(self.process.wait(WAIT) == 0, "the scenario could not be written")
        return self

    def known(self):
        return json.loads(self.truth.read_text())

    def sources(self):
        return ["--baseline", f"kafka://{KAFKA}/{self.baseline}", "--canary", f"kafka://{KAFKA}/{self.canary}"]


class Sqlite:
    """A database file of its own."""

    def __init__(self, name):
        self.path = DIR / f"{name}.db"
        self.config = {"url": f"sqlite://{self.path}"}

    def rows(self, sql):
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)) as database:
            return ["|".join("" if value is None else str(value) for value in row) for row in database.execute(sql)]


class Postgres:
    """A database of its own on the stack's server."""

    def __init__(self, name):
        self.name = re.sub(r"\W", "_", f"{RUN}_{name}")
        url = os.environ["CROSSCHECK_TEST_POSTGRES_URL"]
        self.environment = {"PGPASSWORD": os.environ["CROSSCHECK_TEST_POSTGRES_PASSWORD"]}
        self.user = os.environ["CROSSCHECK_TEST_POSTGRES_USER"]
        self.server = url
        self.url = url.rsplit("/", 1)[0] + "/" + self.name
        self.config = {
            "url": self.url,
            "auth": {"user": self.user, "password": {"env": "CROSSCHECK_TEST_POSTGRES_PASSWORD"}},
        }
        self.psql(self.server, f"CREATE DATABASE {self.name}")
        atexit.register(self.psql, self.server, f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def psql(self, url, sql):
        program = pathlib.Path(os.environ["CROSSCHECK_TEST_POSTGRES_BIN"]) / "psql"
        command = [program, "-X", "-v", "ON_ERROR_STOP=1", "-U", self.user, "-At", "-F", "|", "-c", sql, url]
        done = subprocess.run(command, env={**os.environ, **self.environment}, capture_output=True, text=True)
        need(done.returncode == 0, f"psql: {done.stderr}")
        return done.stdout.splitlines()

    def rows(self, sql):
        return self.psql(self.url, sql)


# What must not depend on crashes. Only the names of the release and its generation may differ.
RESULTS = {
    "windows": "stream, start_ms, end_ms, edge, counts, digest",
    "bad_counts": "stream, start_ms, counts",
    "findings": "stream, start_ms, outcome, baseline_partition, baseline_offset, canary_partition, canary_offset, "
    "identity, body",
}


def results(store):
    """Every final row of the results, byte for byte."""
    order = {"windows": "1, 2", "bad_counts": "1, 2", "findings": "1, 2, 3, 4, 5, 6, 7"}
    return {table: store.rows(f"SELECT {columns} FROM {table} ORDER BY {order[table]}") for table, columns in RESULTS.items()}


def config(name, scenario, store, **changes):
    """A config file for one worker. `changes` replace keys of the stream, of `limits`, or of `policy`.

    The budgets are such that 20,000 records decide them where bad ones are assumed to be independent."""
    key = DIR / "trust.key"
    key.write_text("one key, so that findings are equal to the byte in every database\n")
    limits = {"idle": "30s", **changes.pop("limits", {})}
    policy = {"min_duration": "10m", "profile": "independent", **changes.pop("policy", {})}
    checks = ("mismatched", "missing", "extra", "duplicate", "untimely")
    budget = {**dict.fromkeys(checks, 5e-4), **changes.pop("budget", {})}
    side = {"cluster": "main", "registry": "main"}
    text = {
        "release": {"name": f"{RUN}-{name}", "start": "earliest"},
        "clusters": {"main": {"brokers": [changes.pop("cluster", KAFKA)]}},
        "registries": {"main": {"url": changes.pop("registry", REGISTRY)}},
        "streams": [
            {
                "name": "orders",
                "baseline": {**side, "topic": scenario.baseline},
                "canary": {**side, "topic": scenario.canary},
                "format": "avro",
                "framing": "confluent",
                "key": {"format": "raw", "framing": "none"},
                "identity": {"parts": [{"field": "order_id"}]},
                "event_time": {"field": "created_at"},
                "lateness": "1m",
                "grace": "30s",
                "limits": limits,
                "budget": budget,
                **changes,
            }
        ],
        "policy": policy,
        "trust": {"key": {"file": str(key)}},
        "store": store.config,
        "serve": {"address": "127.0.0.1:0"},
    }
    path = DIR / f"{name}.yaml"
    # JSON is YAML.
    path.write_text(json.dumps(text, indent=1))
    return path


def crosscheck(*arguments, expect=0):
    """Runs a command to its end and gives what it printed."""
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=WAIT)
    if done.returncode not in (expect if isinstance(expect, tuple) else (expect,)):
        sys.exit(f"seen: crosscheck {arguments[0]} ended with {done.returncode}, not {expect}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Worker:
    """`crosscheck run` as a process."""

    def __init__(self, path, name=None):
        self.config = json.loads(pathlib.Path(path).read_text())
        self.release = self.config["release"]["name"]
        self.path = path
        self.log = DIR / f"{name or pathlib.Path(path).stem}.log"
        self.since = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([BINARY, "run", "-c", path], stdout=log, stderr=log)
        atexit.register(self.kill)
        self.url = until("its address", self.address, alive=self)

    def said(self):
        with open(self.log, "rb") as log:
            log.seek(self.since)
            return log.read().decode(errors="replace")

    def tail(self):
        return "\n".join(self.said().splitlines()[-30:])

    def address(self):
        found = re.search(r'"address":"([\d.]+:\d+)"', self.said())
        return found and f"http://{found[1]}"

    def get(self, path):
        """The answer, or nothing while there is none."""
        try:
            with OPENER.open(self.url + path, timeout=10) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, OSError):
            return ""

    def metric(self, name, **labels):
        total = None
        for line in io.StringIO(self.get("/metrics")):
            match = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)\n", line)
            if match and all(f'{key}="{value}"' in (match[1] or "") for key, value in labels.items()):
                total = (total or 0) + float(match[2])
        return total

    def final(self):
        return int(self.metric("crosscheck_windows_final_total") or 0)

    def verdict(self):
        report = self.report()
        return report and report["verdict"]

    def report(self):
        text = self.get(f"/api/v1/releases/{self.release}/report")
        return json.loads(text) if text else None

    def closed(self):
        """Closes the release and waits until everything is read and stored."""
        crosscheck("release", "close", "-c", self.path, "--reason", "seen")
        self.finished()
        return self

    def finished(self):
        until("the end of the closed release", lambda: "everything is read and stored" in self.said(), alive=self)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait()

    def terminate(self):
        need(self.process.poll() is None, f"the worker ended before SIGTERM\n{self.tail()}")
        self.process.send_signal(signal.SIGTERM)
        need(self.process.wait(30) == 0, f"the worker ended with {self.process.returncode} on SIGTERM\n{self.tail()}")


def compare(scenario, report, *options):
    """compare.py's lines; ends the script where anything differs."""
    path = DIR / "report.json"
    path.write_text(report if isinstance(report, str) else json.dumps(report))
    command = [PYTHON, STACK / "compare.py", scenario.truth, path, *options]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    need(done.returncode == 0, f"the report is not the truth\n{done.stdout}{done.stderr}")
    return done.stdout.splitlines()


def compare_worker(scenario, worker):
    """The same for a closed worker, whose own report shows the latest findings only; the worker is asked to end."""
    report = worker.report()
    worker.terminate()
    stored = DIR / "stored.json"
    ask = ["verdict", "--release", worker.release, "-c", worker.path, "-o", "json"]
    stored.write_text(crosscheck(*ask, expect=(0, 1, 3)))
    return compare(scenario, report, "--edges", "--findings", stored)
