"""Fixtures of the system tests: the built program with a home of its own."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

PROGRAM = os.environ.get("JOULEMARK_PROGRAM", "build/release/joulemark")
SOURCE_DIR = Path(os.environ.get("JOULEMARK_SOURCE_DIR", Path(__file__).parents[2]))
FAKE_NVML = os.environ.get("JOULEMARK_FAKE_NVML", "")
SIMULATED = ["-d", "sim:h200"]


class Program:
    """Runs the program as a user would; nothing of this machine's own devices or stores is seen."""

    def __init__(self, home: Path):
        self.home = home
        self.store = home / "joulemark" / "runs.db"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_DATA_HOME": str(home),
            "LANG": "C.UTF-8",
            "JOULEMARK_NVML_LIBRARY": "/nonexistent/libnvidia-ml.so.1",
            "JOULEMARK_SYSFS_ROOT": str(home / "sys"),
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TMPDIR"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def start(self, *arguments, environment=None, **options):
        return subprocess.Popen(
            [PROGRAM, *map(str, arguments)],
            env={**self.environment, **(environment or {})},
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *arguments, input=None, environment=None, **options):
        if input is not None:
            options["stdin"] = subprocess.PIPE
        process = self.start(*arguments, environment=environment, **options)
        out, err = process.communicate(input, timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def json(self, *arguments, code=0, **options):
        done = self.run("--json", *arguments, **options)
        assert done.returncode == code, done.stderr
        return parse(done.stdout)


def parse(text):
    """Strict JSON: no NaN, no infinity, no second document, no key twice."""

    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    def unique(pairs):
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"a key twice in {keys}"
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=unique)


def codes(document):
    return {warning["code"] for warning in document["warnings"]}


def wait_for_run(program, process):
    """Until the program has listed its run as recording, so that a signal finds it at work."""
    while process.poll() is None:
        done = program.run("--json", "runs")
        if done.returncode == 0 and any(r["state"] == "recording" for r in parse(done.stdout)["runs"]):
            return
    raise AssertionError("the program ended early: " + process.communicate()[1])


def end(process, number):
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess([], process.returncode, out, err)


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path)


@pytest.fixture
def interrupt():
    return lambda process: end(process, signal.SIGINT)
