"""`measure` on a simulated GPU and around real commands."""

import os
import re
import signal
import sys

import pytest
from conftest import PROGRAM, SIMULATED, codes, end, parse, wait_for_run

CONTRACT = """run_id duration_seconds total_energy_joules energy energy_source net_energy_joules avg_power_watts
peak_power_watts power_cv tokens_generated joules_per_token phases devices simulated schema tool_version
warnings""".split()


def test_a_window_has_the_keys_of_the_contract_and_numbers_that_agree(program):
    run = program.json("measure", *SIMULATED, "--duration", "1s", "--baseline", "500ms", "--tokens", "100")
    assert set(CONTRACT) <= set(run)
    assert run["schema"] == "joulemark-run/1"
    assert run["simulated"] is True
    assert "simulated" in codes(run)
    assert run["duration_seconds"] == pytest.approx(1.0, abs=0.05)
    low, high = run["energy"]["interval"]
    assert low < run["total_energy_joules"] < high
    assert run["energy"]["source"] == "simulated"
    assert run["total_energy_joules"] == pytest.approx(run["avg_power_watts"] * run["duration_seconds"])
    assert run["joules_per_token"] == pytest.approx(run["total_energy_joules"] / 100)
    assert run["tokens_per_joule"] == pytest.approx(1 / run["joules_per_token"])
    assert 0 < run["net_energy_joules"] < run["total_energy_joules"]
    device = run["devices"][0]
    assert device["device"] == "sim:h200" and "simulated" in device["name"]
    assert device["sensor"]["averaging_window_seconds"] == 0.025
    assert device["baseline"]["power"]["value"] == pytest.approx(70, rel=0.1)
    assert run["energy_source"] == "counter"
    assert abs(device["energy_disagreement"]) < 0.2


def test_phases_partition_the_window(program):
    run = program.json("measure", *SIMULATED, "--duration", "2s")
    phases = run["phases"]
    assert phases[0]["start_time"] == pytest.approx(0, abs=0.2)
    assert phases[-1]["end_time"] == pytest.approx(run["duration_seconds"], abs=0.2)
    for before, after in zip(phases, phases[1:]):
        assert before["end_time"] == pytest.approx(after["start_time"], abs=1e-6)
    for phase in phases:
        assert phase["phase"] in {"idle", "ramp", "prefill", "decode", "fall"}
        assert phase["avg_power"] <= phase["peak_power"] + 1e-9


def test_several_devices_add_up_and_are_named(program):
    run = program.json("measure", "-d", "sim:h200*3", "--duration", "600ms")
    assert len(run["devices"]) == 3
    parts = [device["total_energy_joules"] for device in run["devices"]]
    assert run["total_energy_joules"] == pytest.approx(sum(parts))
    assert len(run["devices_in_total"]) == 3
    assert len({device["uuid"] for device in run["devices"]}) == 3


def test_the_same_seed_gives_the_same_sensor(program):
    first, second = (
        program.json("--seed", "5", "devices", "-d", "sim:h200")["devices"][0]["uuid"] for _ in range(2)
    )
    other = program.json("--seed", "6", "devices", "-d", "sim:h200")["devices"][0]["uuid"]
    assert first == second != other


def test_no_tokens_is_no_number_rather_than_zero(program):
    run = program.json("measure", *SIMULATED, "--duration", "300ms", "--tokens", "0")
    assert run["joules_per_token"] is None
    run = program.json("measure", *SIMULATED, "--duration", "300ms")
    assert run["tokens_generated"] is None and run["joules_per_token"] is None
    assert run["net_energy_joules"] is None and "baseline_missing" in codes(run)


def test_a_window_shorter_than_the_tick_is_said_to_be_too_short(program):
    run = program.json("measure", *SIMULATED, "--duration", "30ms")
    assert "window_too_short" in codes(run)
    assert run["total_energy_joules"] > 0


def test_a_command_keeps_its_streams_and_its_status(program):
    done = program.run("measure", *SIMULATED, "--", "sh", "-c", "cat; echo trouble >&2; exit 7", input="hello\n")
    assert done.returncode == 7
    assert done.stdout == "hello\n"
    assert "trouble" in done.stderr
    assert "Energy" in done.stderr and "simulated" in done.stderr
    assert "child_failed" in done.stderr


def test_with_json_the_commands_output_goes_to_standard_error(program):
    done = program.run("--json", "measure", *SIMULATED, "--", "sh", "-c", "echo hello")
    assert done.returncode == 0
    run = parse(done.stdout)
    assert run["command"] == ["sh", "-c", "echo hello"]
    assert run["exit_status"] == 0
    assert "hello" in done.stderr


def test_options_of_the_command_are_its_own(program):
    done = program.run("measure", *SIMULATED, "--", "echo", "--json", "-d", "--", "x")
    assert done.stdout == "--json -d -- x\n"


def test_a_command_that_dies_of_a_signal_gives_128_plus_its_number(program):
    done = program.run("measure", *SIMULATED, "--", "sh", "-c", "kill -TERM $$")
    assert done.returncode == 128 + signal.SIGTERM


def test_a_command_that_does_not_exist_leaves_no_run(program):
    done = program.run("measure", *SIMULATED, "--", "no-such-program-here")
    assert done.returncode == 2
    assert "no-such-program-here" in done.stderr and "PATH" in done.stderr
    assert program.json("runs")["runs"] == []


def test_a_command_that_outlives_the_window_runs_on(program):
    done = program.run("--json", "measure", *SIMULATED, "--duration", "300ms", "--",
                       sys.executable, "-c", "import time; time.sleep(1.2); print('end')")
    assert done.returncode == 0
    run = parse(done.stdout)
    assert "child_outlived_window" in codes(run)
    assert run["duration_seconds"] == pytest.approx(0.3, abs=0.05)
    assert "end" in done.stderr


def test_marks_nest_and_overlap(program):
    script = f"""
        {PROGRAM} mark outer
        {PROGRAM} mark request --id 1
        {PROGRAM} mark request --id 2
        sleep 0.3
        {PROGRAM} mark request --id 1 --end
        sleep 0.2
        {PROGRAM} mark request --id 2 --end
        {PROGRAM} mark outer --end
        {PROGRAM} mark forgotten
    """
    run = program.json("measure", *SIMULATED, "--", "sh", "-c", script)
    marks = run["devices"][0]["marks"]
    assert [m["name"] for m in marks] == ["outer", "request", "request", "forgotten"]
    outer, first, second, forgotten = marks
    assert outer["start_time"] <= first["start_time"] <= second["start_time"]
    assert first["end_time"] < second["end_time"] <= outer["end_time"]
    assert not forgotten["closed"] and "mark_unclosed" in codes(run)
    for mark in (outer, first, second):
        low, high = mark["energy"]["interval"]
        assert low <= mark["energy"]["value"] <= high


def test_marks_named_like_phases_decide_the_phases(program):
    script = f"{PROGRAM} mark prefill; sleep 0.4; {PROGRAM} mark prefill --end; {PROGRAM} mark decode; sleep 0.6; {PROGRAM} mark decode --end"
    run = program.json("measure", *SIMULATED, "--", "sh", "-c", script)
    marked = [p for p in run["phases"] if not p["inferred"]]
    assert {"prefill", "decode"} <= {p["phase"] for p in marked}


def test_a_program_may_send_marks_itself(program):
    code = """
import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["JOULEMARK_MARK_SOCKET"])
s.send(b"begin prefill %d" % time.monotonic_ns())
time.sleep(0.3)
s.send(b"end prefill")
s.send(b"\\x1b[31mgarbage\\x00")
"""
    run = program.json("measure", *SIMULATED, "--", sys.executable, "-c", code)
    (mark,) = run["devices"][0]["marks"]
    assert mark["name"] == "prefill"
    assert mark["end_time"] - mark["start_time"] == pytest.approx(0.3, abs=0.15)
    assert any("\\x1b" in w["message"] for w in run["warnings"])


def test_a_mark_outside_of_a_measurement_says_so(program):
    done = program.run("mark", "prefill")
    assert done.returncode == 3
    assert "joulemark measure" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_window_is_kept(program, number):
    process = program.start("--json", "measure", *SIMULATED, "--duration", "60s")
    wait_for_run(program, process)
    done = end(process, number)
    assert done.returncode == 130
    run = parse(done.stdout)
    assert run["state"] == "interrupted" and "run_interrupted" in codes(run)
    assert program.json("show", "last")["run_id"] == run["run_id"]


def test_a_signal_reaches_the_command(program):
    code = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *a: (print("told", flush=True), sys.exit(9)))
print("ready", flush=True)
time.sleep(60)
"""
    process = program.start("measure", *SIMULATED, "--", sys.executable, "-c", code)
    assert process.stdout.readline() == "ready\n"
    done = end(process, signal.SIGTERM)
    assert done.returncode == 9
    assert "told" in done.stdout


def test_after_a_kill_the_run_is_listed_as_interrupted_with_its_samples(program):
    process = program.start("measure", *SIMULATED, "--duration", "60s", "--interval", "10ms")
    wait_for_run(program, process)
    # A known stretch of work: this takes as long as it takes, and the recording runs beside it.
    program.run("measure", *SIMULATED, "--duration", "1500ms", "--label", "beside")
    process.kill()
    process.communicate()
    runs = program.json("runs")["runs"]
    killed = next(r for r in runs if r["label"] != "beside")
    assert killed["state"] == "interrupted"
    shown = program.json("show", killed["run_id"])
    assert shown["state"] == "interrupted"
    # Beside it ran lead, window and tail of the other run, 2.5 s in all; at most one second may be lost.
    assert killed["samples"] >= 100 * (2.5 - 1.0) * 0.8
    assert shown["total_energy_joules"] > 0


def test_two_at_once_share_one_store(program):
    both = [program.start("--json", "measure", *SIMULATED, "--duration", "700ms") for _ in range(2)]
    ids = set()
    for process in both:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        ids.add(parse(out)["run_id"])
    assert len(ids) == 2
    assert {r["run_id"] for r in program.json("runs")["runs"]} == ids


def test_adaptive_and_high_resolution_change_how_often_is_read(program):
    plain = program.json("measure", *SIMULATED, "--duration", "1s")["devices"][0]["sampling"]
    fine = program.json("measure", *SIMULATED, "--duration", "1s", "--high-res")["devices"][0]["sampling"]
    steady = ["-d", "sim:h200?load=constant"]
    adaptive = program.json("measure", *steady, "--duration", "3s", "--adaptive")["devices"][0]["sampling"]
    assert plain["interval_seconds"] == 0.02 and fine["interval_seconds"] == 0.01
    assert fine["samples"] > 1.5 * plain["samples"]
    assert adaptive["samples"] < 0.8 * 4.0 / 0.02
    assert plain["cpu_seconds"] is not None


def test_demo_needs_nothing_and_says_simulated(program, tmp_path):
    done = program.run("demo", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("simulated") >= 3
    assert (tmp_path / "out" / "run.csv").read_text().startswith("# joulemark-trace/1")
    assert parse((tmp_path / "out" / "run.json").read_text())["simulated"] is True
    assert not re.search(r"\bnan\b", done.stdout, re.IGNORECASE)
