"""What a newcomer types first: help, versions, mistakes."""

import signal
import subprocess

import pytest
from conftest import parse

VERBS = ["devices", "doctor", "measure", "mark", "import", "runs", "show", "export", "demo"]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(program, verb):
    done = program.run(verb, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout
    assert f"joulemark {verb}" in done.stdout or f"joulemark --json {verb}" in done.stdout
    assert done.stderr == ""


def test_help_names_every_verb(program):
    done = program.run("--help")
    assert done.returncode == 0
    for verb in VERBS:
        assert verb in done.stdout


def test_version(program):
    done = program.run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("joulemark ")


@pytest.mark.parametrize(
    "arguments, says",
    [
        ([], "subcommand"),
        (["nonsense"], "nonsense"),
        (["measure", "--bogus"], "--bogus"),
        (["measure", "python3", "generate.py"], "after '--'"),
        (["measure", "--duration", "soon"], "10s"),
        (["measure", "--duration", "0"], "above zero"),
        (["measure", "--interval", "-1ms"], "--interval"),
        (["measure", "-d", "sim:h200", "--interval", "1us", "--duration", "1s"], "100"),
        (["measure", "-d", "sim:h200", "--interval", "20ms", "--high-res"], "exclude"),
        (["measure", "-d", "sim:h200", "--baseline", "1s", "--idle-power", "70"], "choose one"),
        (["measure", "-d", "sim:h200", "--tokens", "-5"], "negative"),
        (["measure", "-d", "sim:h200", "-d", "sim:h200", "--duration", "1s"], "once"),
        (["measure", "-d", "sim:h2000", "--duration", "1s"], "h200"),
        (["measure", "-d", "gpu7", "--duration", "1s"], "sim:"),
        (["measure", "-d", "sim:h200", "--"], "no command"),
        (["show", "--", "ls"], "only 'measure'"),
        (["show", "nosuch"], "no runs yet"),
        (["export", "last", "--format", "xml"], "csv or json"),
        (["import"], "file"),
    ],
)
def test_a_mistake_ends_with_2_and_names_the_fix(program, arguments, says):
    done = program.run(*arguments)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert done.stdout == ""


def test_with_json_a_failure_is_a_document_too(program):
    program.run("measure", "-d", "sim:h200", "--duration", "300ms")
    done = program.run("--json", "show", "nosuch")
    assert done.returncode == 2
    document = parse(done.stdout)
    assert document["schema"] == "joulemark-error/1"
    assert document["error"]["kind"] == "not_found"
    assert "nosuch" in document["error"]["message"]
    assert done.stderr.startswith("joulemark: ")


def test_terminal_escapes_in_arguments_are_not_echoed(program):
    done = program.run("measure", "-d", "sim:\x1b[31mred", "--duration", "1s")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr + done.stdout
    assert "\\x1b" in done.stderr


def test_doctor_always_answers_and_says_how_to_mend(program):
    document = program.json("doctor")
    assert document["schema"] == "joulemark-doctor/1"
    assert document["can_measure"] is False
    names = {check["name"] for check in document["checks"]}
    assert {"nvml", "hwmon", "powercap", "store", "timer", "clock"} <= names
    for check in document["checks"]:
        assert check["finding"]
        if check["health"] == "bad":
            assert check["mend"]


def test_without_a_device_measure_ends_with_3_and_offers_a_way(program):
    done = program.run("measure", "--duration", "1s")
    assert done.returncode == 3
    assert "sim:h200" in done.stderr


def test_drawing_falls_back_to_ascii_outside_utf8_locales(program):
    program.run("measure", "-d", "sim:h200", "--duration", "300ms")
    plain = program.run("show", "last", environment={"LANG": "C"})
    assert plain.returncode == 0
    assert plain.stdout.isascii(), [c for c in plain.stdout if not c.isascii()]
    assert "±" in program.run("show", "last").stdout


def test_colour_only_on_a_terminal(program):
    program.run("measure", "-d", "sim:h200", "--duration", "300ms")
    assert "\x1b[" not in program.run("show", "last").stdout


def test_ctrl_c_ends_a_verb_that_waits_for_input(program):
    process = program.start("import", "-", stdin=subprocess.PIPE)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
    assert process.returncode in (130, -signal.SIGINT)
    process.stdin.close()
