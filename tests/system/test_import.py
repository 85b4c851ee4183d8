"""Logs as users have them, also the broken ones."""

import pytest
from conftest import SIMULATED, SOURCE_DIR, codes

HEADER = "timestamp, power.draw [W], utilization.gpu [%]\n"
LOGS = SOURCE_DIR.parent / "shared" / "data" / "power-logs"


def rows(count, watts=250.0, start=0):
    out = []
    for i in range(start, start + count):
        ms = 100 * i
        out.append(f"2024/04/03 11:{36 + ms // 60000:02}:{ms // 1000 % 60:02}.{ms % 1000:03}, {watts + i % 3:.2f} W, 97 %\n")
    return "".join(out)


def write(tmp_path, text, name="log.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_an_nvidia_smi_log_becomes_a_run(program, tmp_path):
    path = write(tmp_path, HEADER + rows(100))
    run = program.json("import", path, "--gpu-model", "a100", "--tokens", "1000")
    assert run["import"]["format"] == "nvidia-smi"
    assert run["import"]["rows"] == 100 and run["import"]["rejected_count"] == 0
    assert run["duration_seconds"] == pytest.approx(9.9)
    assert run["total_energy_joules"] == pytest.approx(251 * 9.9, rel=0.01)
    assert run["simulated"] is False and run["energy"]["source"] == "measured"
    assert "no_counter" in codes(run)
    assert program.json("show", "last")["source_file"] == str(path)


def test_malformed_rows_are_named_by_line_and_kept_out(program, tmp_path):
    path = write(tmp_path, HEADER + rows(50) + "2024/04/03 11:36:05.000, soup W, 97 %\n" + rows(50, start=51)
                 + "2024/04/03 11:36:10.1")
    run = program.json("import", path)
    lines = [row["line"] for row in run["import"]["rejected_rows"]]
    assert lines == [52, 103]
    assert run["import"]["rejected_count"] == 2 and "malformed_rows" in codes(run)
    text = program.run("import", path).stdout
    assert "line 52" in text and "line 103" in text


def test_units_order_and_line_ends_do_not_matter(program, tmp_path):
    plain = program.json("import", write(tmp_path, HEADER + rows(60)))
    swapped = "power.draw,timestamp\r\n" + "".join(
        "{1},{0}\r\n".format(line.split(", ")[0], line.split(", ")[1].split()[0]) for line in rows(60).splitlines()
    )
    other = program.json("import", write(tmp_path, swapped.rstrip(), "swapped.csv"))
    assert other["total_energy_joules"] == pytest.approx(plain["total_energy_joules"])


def test_not_available_is_missing_and_never_zero(program, tmp_path):
    path = write(tmp_path, HEADER + rows(60).replace("97 %", "[N/A]"))
    run = program.json("import", path)
    assert run["devices"][0]["conditions"]["utilisation_mean"] is None
    nothing = write(tmp_path, HEADER + "".join(
        line.split(", ")[0] + ", [N/A], 5 %\n" for line in rows(60).splitlines()), "nothing.csv")
    done = program.run("--json", "import", nothing)
    assert '"total_energy_joules": 0' not in done.stdout


@pytest.mark.parametrize(
    "content, says",
    [
        (b"", "empty"),
        (b"\x00\x01\x02\xff" * 500, "binary"),
        (b"hello,world\n1,2\n", "first line"),
        (HEADER.encode(), "row"),
        (HEADER.encode() + b"x" * 3_000_000, "line"),
    ],
)
def test_what_is_no_log_is_refused_with_the_reason(program, tmp_path, content, says):
    done = program.run("import", write(tmp_path, content))
    assert done.returncode in (2, 4), done.stdout
    assert says in done.stderr.lower()
    assert program.json("runs")["runs"] == []


def test_a_missing_file_and_a_folder_are_refused(program, tmp_path):
    assert program.run("import", tmp_path / "absent.csv").returncode == 4
    folder = program.run("import", tmp_path)
    assert folder.returncode == 2 and "folder" in folder.stderr


def test_a_log_that_mixes_gpus_is_never_taken_for_one(program, tmp_path):
    mixed = HEADER
    for i in range(200):
        ms = 100 * i
        for gpu in range(4):
            t = ms + 4 * gpu
            mixed += f"2024/04/03 11:36:{t // 1000:02}.{t % 1000:03}, {100 + 50 * gpu + i % 3}.00 W, 97 %\n"
    path = write(tmp_path, mixed)
    done = program.run("import", path)
    assert done.returncode == 2
    assert "--gpus 4" in done.stderr
    run = program.json("import", path, "--gpus", "4")
    means = sorted(device["avg_power_watts"] for device in run["devices"])
    assert means == pytest.approx([101, 151, 201, 251], abs=1)


def test_export_and_import_give_the_same_readings(program, tmp_path):
    program.json("measure", *SIMULATED, "--duration", "500ms")
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    assert program.run("export", "last", "-o", first).returncode == 0
    program.json("import", first)
    assert program.run("export", "last", "-o", second).returncode == 0
    body = lambda path: [l for l in path.read_text().splitlines() if not l.startswith("#")]
    assert len(body(first)) > 20
    assert [l.split(",")[1:] for l in body(first)] == [l.split(",")[1:] for l in body(second)]


def test_standard_input_can_be_imported(program):
    run = program.json("import", "-", input=HEADER + rows(40))
    assert run["import"]["rows"] == 40


@pytest.mark.skipif(not LOGS.is_dir(), reason="the real logs are not beside this checkout")
@pytest.mark.parametrize("name, seconds, watts", [("mistral-7b", 3128, 189.0), ("falcon-7b", None, None)])
def test_real_logs_are_explained(program, name, seconds, watts):
    run = program.json("import", LOGS / f"nvidia-smi-{name}.csv", "--gpu-model", "a100")
    assert len(run["devices"]) == 1
    assert run["import"]["rejected_count"] <= 1
    if seconds:
        assert run["duration_seconds"] == pytest.approx(seconds, rel=0.01)
        assert run["avg_power_watts"] == pytest.approx(watts, rel=0.01)
    assert {"idle", "decode"} <= {p["phase"] for p in run["phases"]}
    text = program.run("show", "last").stdout
    assert "Energy" in text and "idle" in text and "aliasing_possible" in text


@pytest.mark.skipif(not LOGS.is_dir(), reason="the real logs are not beside this checkout")
def test_the_real_log_of_several_gpus_needs_their_number(program):
    path = LOGS / "nvidia-smi-mixtral-8x7b-several-gpus.csv"
    done = program.run("import", path)
    assert done.returncode == 2 and "--gpus 3" in done.stderr
    run = program.json("import", path, "--gpus", "3", "--gpu-model", "a100")
    assert len(run["devices"]) == 3
    last_line = path.read_text().count("\n") + 1
    assert last_line in [row["line"] for row in run["import"]["rejected_rows"]]
