"""The program on a fake libnvidia-ml.so.1 (tests/fakes/nvml)."""

import os

import pytest
from conftest import FAKE_NVML, codes

pytestmark = pytest.mark.skipif(not os.path.exists(FAKE_NVML), reason="the fake NVML is not built")


def machine(tmp_path, text):
    script = tmp_path / "machine.txt"
    script.write_text(text)
    return {"JOULEMARK_NVML_LIBRARY": FAKE_NVML, "JOULEMARK_FAKE_NVML_SCRIPT": str(script)}


def test_a_gpu_is_listed_and_measured_end_to_end(program, tmp_path):
    environment = machine(tmp_path, "gpu h100\npower constant 400\n")
    (device,) = program.json("devices", environment=environment)["devices"]
    assert device["device"] == "nvml:0" and device["readable"] and not device["simulated"]
    run = program.json("measure", "--duration", "1s", environment=environment)
    assert run["simulated"] is False
    assert run["energy_source"] == "counter"
    assert run["total_energy_joules"] == pytest.approx(400 * run["duration_seconds"], rel=0.02)
    assert run["devices"][0]["sensor"]["field"].startswith("NVML")


MIXED = "gpu h100\npower constant 300\ngpu k80\ninstant none\naverage none\nusage none\ncounter none\n"


def test_of_all_gpus_one_without_power_is_left_out_and_said(program, tmp_path):
    environment = machine(tmp_path, MIXED)
    for selection in ([], ["-d", "all"]):
        run = program.json("measure", *selection, "--duration", "600ms", environment=environment)
        assert "partial_devices" in codes(run)
        assert any("nvml:1" in warning["message"] for warning in run["warnings"])
        assert run["devices_in_total"] == ["nvml:0"]
        assert run["total_energy_joules"] == pytest.approx(300 * run["duration_seconds"], rel=0.03)


def test_a_gpu_without_power_that_was_asked_for_is_an_error_and_not_zero_joules(program, tmp_path):
    done = program.run("measure", "-d", "nvml:0", "-d", "nvml:1", "--duration", "600ms",
                       environment=machine(tmp_path, MIXED))
    assert done.returncode == 3
    assert "nvml:1" in done.stderr and "neither power nor energy" in done.stderr


def test_a_gpu_that_is_lost_and_comes_back_leaves_a_gap(program, tmp_path):
    environment = machine(tmp_path, "gpu h100\npower constant 400\nlost 1200ms 2200ms\n")
    run = program.json("measure", "-d", "nvml:0", "--duration", "4s", environment=environment)
    assert {"device_lost", "gap"} <= codes(run)
    sampling = run["devices"][0]["sampling"]
    assert sampling["times_lost"] >= 1
    assert any(gap["reason"] == "device_lost" for gap in sampling["gaps"])


def test_a_driver_that_does_not_match_is_explained(program, tmp_path):
    environment = machine(tmp_path, "fail nvmlInit 18\ngpu h100\n")
    done = program.run("measure", "-d", "nvml:0", "--duration", "1s", environment=environment)
    assert done.returncode == 3
    assert "driver" in done.stderr.lower()


def test_cuda_visible_devices_chooses_what_is_measured(program, tmp_path):
    environment = machine(tmp_path, "gpu h100\npower constant 300\ngpu h100\npower constant 500\n")
    environment["CUDA_VISIBLE_DEVICES"] = "1"
    run = program.json("measure", "--duration", "600ms", environment=environment)
    assert len(run["devices"]) == 1
    assert run["avg_power_watts"] == pytest.approx(500, rel=0.03)
