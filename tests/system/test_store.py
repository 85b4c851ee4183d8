"""The store under bad conditions: earlier runs survive, and the exit status is 4."""

import resource

from conftest import SIMULATED

QUICK = ["measure", *SIMULATED, "--duration", "300ms"]


def limit_files(size):
    def apply():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return apply


def test_a_full_disk_keeps_what_was_there(program):
    first = program.json(*QUICK)
    full = program.store.stat().st_size
    wal = program.store.with_name("runs.db-wal")
    room = full + (wal.stat().st_size if wal.exists() else 0)
    done = program.run("measure", "-d", "sim:h200*8", "--interval", "1ms", "--duration", "20s",
                       preexec_fn=limit_files(room + 4096))
    assert done.returncode == 4, done.stderr
    assert "full" in done.stderr.lower() or "space" in done.stderr.lower()
    assert program.json("show", first["run_id"])["total_energy_joules"] == first["total_energy_joules"]


def test_a_store_that_cannot_be_made_is_an_error_before_anything_is_measured(program, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = program.run("--store", tmp_path / "file" / "runs.db", *QUICK)
    assert done.returncode == 4, done.stderr
    assert "runs.db" in done.stderr


def test_a_file_that_is_no_store_is_left_as_it_is(program, tmp_path):
    other = tmp_path / "notes.txt"
    other.write_text("not a data base\n" * 100)
    for arguments in (QUICK, ["runs"], ["show", "last"]):
        done = program.run("--store", other, *arguments)
        assert done.returncode == 4, done.stderr
    assert other.read_text() == "not a data base\n" * 100


def test_a_damaged_store_says_so(program):
    program.json(*QUICK)
    data = bytearray(program.store.read_bytes())
    for i in range(4096, len(data)):
        data[i] ^= 0x5A
    program.store.write_bytes(data)
    for name in ("runs.db-wal", "runs.db-shm"):
        program.store.with_name(name).unlink(missing_ok=True)
    done = program.run("runs")
    assert done.returncode == 4, done.stdout
    assert "runs.db" in done.stderr


def test_runs_are_found_by_prefix_and_last_and_can_be_removed(program):
    first = program.json(*QUICK)["run_id"]
    second = program.json(*QUICK, "--label", "second")["run_id"]
    assert program.json("show", "last")["run_id"] == second
    assert program.json("show", first)["run_id"] == first
    listed = program.json("runs")["runs"]
    assert [r["run_id"] for r in listed] == [second, first]
    assert listed[0]["label"] == "second" and listed[0]["simulated"] is True
    ambiguous = program.run("show", first[:4])
    assert ambiguous.returncode == 2 and first in ambiguous.stderr and second in ambiguous.stderr
    assert program.json("runs", "--remove", second)["runs"][0]["run_id"] == first


def test_show_gives_the_numbers_that_measure_gave(program):
    measured = program.json(*QUICK)
    shown = program.json("show", measured["run_id"])
    for key in ("total_energy_joules", "energy", "power_cv", "phases", "duration_seconds"):
        assert shown[key] == measured[key]
