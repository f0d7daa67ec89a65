"""The services of a stack that `chaos` kills with `kill -9` and starts again, and the worker that it watches."""

import os
import pathlib
import signal
import subprocess
import time

import seen


class Broker:
    """The process of `up`, started again exactly as it was."""

    def __init__(self, folder):
        self.folder, self.file = folder, folder / "kafka.pid"
        pid = self.pid()
        proc = pathlib.Path(f"/proc/{pid}")
        self.command = proc.joinpath("cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        lines = proc.joinpath("environ").read_bytes().rstrip(b"\0").split(b"\0")
        self.environment = dict(line.split(b"=", 1) for line in lines if b"=" in line)
        self.child = None

    def pid(self):
        return int(self.file.read_text())

    def started(self):
        return (self.folder / "kafka" / "server.log").read_text(errors="replace").count("Kafka Server started")

    def kill(self):
        pid = self.pid()
        os.killpg(pid, signal.SIGKILL)
        if self.child is not None:
            self.child.wait()
        seen.until("the end of the broker", lambda: not pathlib.Path(f"/proc/{pid}/exe").exists(), seconds=30)

    def start(self):
        before = self.started()
        with open(self.folder / "kafka.log", "ab") as log:
            self.child = subprocess.Popen(
                self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.file.write_text(f"{self.child.pid}\n")
        seen.until("the broker", lambda: self.started() > before or self.child.poll() is not None, seconds=120)
        seen.need(self.child.poll() is None, f"the broker ended with {self.child.poll()} at its start")


class Database:
    """PostgreSQL: the postmaster is killed, the rest of it then ends by itself."""

    def __init__(self, folder):
        self.folder = folder
        self.data = pathlib.Path(os.environ["CROSSCHECK_TEST_POSTGRES_DATA"])
        self.bin = pathlib.Path(os.environ["CROSSCHECK_TEST_POSTGRES_BIN"])

    def pid(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def processes(self):
        pid = self.pid()
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def signal(self, what):
        for pid in self.processes():
            try:
                os.kill(pid, what)
            except ProcessLookupError:
                pass

    def kill(self):
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        gone = lambda: not pathlib.Path(f"/proc/{pid}/exe").exists()
        seen.until("the end of the database", gone, seconds=30)

    def start(self):
        command = [self.bin / "pg_ctl", "-D", self.data, "-l", self.data / "log", "-w", "start"]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]

        def tried():
            with open(self.folder / "postgres.log", "ab") as log:
                return subprocess.run(list(map(str, command)), stdout=log, stderr=log).returncode == 0

        # Its orphans hold the shared memory until they have noticed.
        seen.until("the database", tried, seconds=60, pause=0.2)


class Runner(seen.Worker):
    """A worker that may have to wait for its database before it says where it listens."""

    def __init__(self, path, name):
        self.path, self.log = path, seen.DIR / f"{name}.log"
        self.release = seen.json.loads(pathlib.Path(path).read_text())["release"]["name"]
        self.since = self.log.stat().st_size if self.log.exists() else 0
        self.born = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([seen.BINARY, "run", "-c", path], stdout=log, stderr=log)
        seen.atexit.register(self.kill)

    @property
    def url(self):
        # Port 9 discards: nobody answers there.
        return self.address() or "http://127.0.0.1:9"

    def read(self):
        """Records that this process has read, or nothing while it does not answer."""
        return self.metric("crosscheck_records_read_total")

    def hears(self):
        """Whether the process has a handler for SIGTERM by now; before `main` nobody can have one."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        return int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1

    def stop(self, seconds=10):
        """SIGTERM; how long it took to end with 0."""
        seen.need(self.process.poll() is None, f"the worker ended before SIGTERM\n{self.tail()}")
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            seen.need(False, f"the worker did not end within {seconds} s of SIGTERM\n{self.tail()}")
        seen.need(code == 0, f"the worker ended with {code} on SIGTERM\n{self.tail()}")
        return time.monotonic() - began
