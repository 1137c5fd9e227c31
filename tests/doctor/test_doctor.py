"""`ant_core doctor`: what it tells of a sound installation, and of planted damage."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ant_core.doctor import device, kernels, places
from ant_core.doctor.check import broken_package, guarded
from ant_core.doctor.self_test import _drawn, color_shot, self_test
from ant_core.errors import Cancelled, InputError
from ant_core.schemas import first_error
from tests.support.command_line import ROOT, environment

ORDER = ["versions", "cuda", "model", "disk", "writing", "device", "kernels", "self_test"]
HIDDEN = (
    "import sys; sys.modules[sys.argv[1]] = None\n"
    "from ant_core.cli import main\n"
    "sys.exit(main(sys.argv[2:]))\n"
)


def events(text):
    found = [json.loads(line) for line in text.splitlines()]
    assert [first_error(event, "doctor_event") for event in found] == [None] * len(found)
    return found


def by_name(result):
    return {check["name"]: check for check in result["checks"]}


def test_a_sound_installation(ant_core):
    done = ant_core("doctor", "--device", "cpu", "--json")
    assert done.code == 0, done.err
    *progress, result = events(done.out)
    assert [check["name"] for check in result["checks"]] == ORDER
    assert {check["state"] for check in result["checks"]} <= {"good", "note"}
    steps = [event["done"] for event in progress if event["step"] == "kernels"]
    assert steps == list(range(1, progress[0]["total"] + 1))
    checks = by_name(result)
    assert checks["versions"]["facts"]["numpy"] == np.__version__
    assert checks["device"]["facts"]["in_use"] == "cpu"
    assert checks["self_test"]["facts"]["right"] == checks["self_test"]["facts"]["segments"] == 18
    # The same kernels are on the disk now, and none is compiled a second time.
    again = by_name(events(ant_core("doctor", "--json").out)[-1])
    assert again["kernels"]["facts"]["state"] == "warm"
    assert again["kernels"]["facts"]["compiled"] == 0


def test_people_read_it_on_one_screen(ant_core):
    done = ant_core("doctor", "--device", "cpu")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert len(lines) <= 24
    assert {line.split()[0] for line in lines} <= {"note", "ok", "->"}
    assert re.search(r"^ok +self test +18 of 18 fills right", done.out, re.M)


def test_it_compiles_every_kernel_that_colouring_needs(tmp_path):
    """In a copy whose caches are empty; a run after it then finds every kernel."""
    unwanted = shutil.ignore_patterns("__pycache__", "training")
    for name in ("ant_core", "segmentation"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=unwanted)
    variables = {**environment(), "PYTHONPATH": str(tmp_path)}
    variables.pop("NUMBA_CACHE_DIR", None)

    def run(*arguments):
        command = [sys.executable, "-m", "ant_core", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, env=variables, cwd=tmp_path, check=False
        )

    done = run("doctor", "--json", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    facts = by_name(events(done.stdout)[-1])["kernels"]["facts"]
    assert facts["state"] == "cold"
    assert facts["compiled"] >= 54
    assert all(folder.startswith(str(tmp_path)) for folder in facts["folders"])

    def caches():
        return {path.name for path in tmp_path.rglob("*.nb[ic]")}

    before = caches()
    shot = ROOT / "samples" / "saha"
    done = run("propagate", shot, "--out", tmp_path / "out", "--frames", "1-3", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "compiling" not in done.stderr
    assert caches() == before


@pytest.mark.parametrize("name", ["numpy", "cv2", "numba", "onnxruntime"])
def test_a_package_that_cannot_be_loaded_is_named(name):
    done = subprocess.run(
        [sys.executable, "-c", HIDDEN, name, "doctor", "--json"],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (result,) = events(done.stdout)
    versions = by_name(result)["versions"]
    assert versions["state"] == "problem"
    assert name in versions["text"] or name == "cv2"
    assert versions["remedy"]
    assert versions["remedy"] in result["error"]


def test_windows_without_its_run_time_library_is_told_its_name():
    error = ImportError("DLL load failed while importing onnxruntime_pybind11_state: not found")
    assert "Visual C++" in broken_package(error)[1]


def test_cuda_that_is_not_there_is_a_problem_where_it_is_asked_for(ant_core):
    done = ant_core("doctor", "--device", "cuda", "--json")
    if done.code == 0:
        pytest.skip("this machine has CUDA")
    assert done.code == 6
    result = events(done.out)[-1]
    assert by_name(result)["device"]["state"] == "problem"
    assert result["error_type"] == "DeviceUnavailable"
    assert "self_test" not in by_name(result)


def test_a_damaged_model_is_a_problem_with_its_remedy(ant_core, tmp_path):
    damaged = tmp_path / "damaged.antmodel"
    damaged.write_bytes((ROOT / "ant_core" / "models" / "default.antmodel").read_bytes()[:-500])
    done = ant_core("doctor", "--model", damaged, "--json")
    assert done.code == 4
    result = events(done.out)[-1]
    assert by_name(result)["model"]["state"] == "problem"
    assert "again" in by_name(result)["model"]["remedy"]
    assert result["error_type"] == "ModelCorrupt"


def test_the_model_of_the_package_is_compared_with_its_hash(monkeypatch, cli):
    monkeypatch.setattr("ant_core.models.installed.file_sha256", lambda *_: "0" * 64)
    done = cli("doctor", "--json", "--device", "cpu")
    assert done.code == 4
    assert "install ant_core again" in by_name(events(done.out)[-1])["model"]["remedy"]


# ---- the self-test can fail


def test_the_drawn_shot_has_many_parts_that_lie_apart_from_the_lines():
    lines, painting, parts = _drawn(0)
    assert len(np.unique(parts[parts >= 0])) == 9
    assert (lines[parts >= 0] == 255).all()
    assert len(np.unique(painting[parts >= 0], axis=0)) == 7


def test_a_matcher_that_mixes_up_segments_does_not_pass():
    from ant_core.api.model import Model

    model = Model(device="cpu")
    assert color_shot(model) == (18, 18)
    real = model._matcher.match

    def mixed(*sides):
        match = real(*sides)
        return type(match)(
            np.roll(match.probability, 1, axis=1),
            match.has_counterpart,
            match.reference,
            match.segment,
            match.is_seen,
        )

    model._matcher.match = mixed
    check = self_test(model)
    assert check.state == "problem"
    assert check.facts["right"] < check.facts["segments"]
    assert check.remedy


# ---- places


def test_a_disk_that_is_nearly_full_is_worth_a_note_with_both_figures(monkeypatch):
    usage = type("Usage", (), {"free": 12 * 10**6})
    monkeypatch.setattr("ant_core.doctor.places.shutil.disk_usage", lambda _: usage)
    check = places.check_disk()
    assert check.state == "note"
    assert "0.0 GB" in check.text
    assert "0.5 GB" in check.remedy


def test_a_place_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("ANT_CORE_MODELS", str(blocked / "models"))
    check = places.check_writing()
    assert check.state == "note"
    assert str(blocked) in check.text
    assert "ANT_CORE_MODELS" in check.remedy
    assert check.facts["models"]["writable"] is False
    assert check.facts["temporary"]["writable"] is True


def test_no_file_is_left_by_the_look_at_places(monkeypatch, tmp_path):
    monkeypatch.setenv("ANT_CORE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ANT_CORE_LOGS", str(tmp_path / "logs"))
    assert places.check_writing().state == "good"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_every_file_of_kernels_is_among_them_but_trainings():
    found = {kernel.py_func.__module__ for kernel in kernels.Kernels()._kernels}
    files = [*(ROOT / "ant_core").rglob("*.py"), *(ROOT / "segmentation").rglob("*.py")]
    holding = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in files
        if re.search(r"^@kernel\(", path.read_text("utf-8"), re.M)
    }
    assert found == {name for name in holding if not name.startswith("ant_core.training.")}


def test_kernels_that_can_be_kept_nowhere_are_a_problem(monkeypatch):
    ready = kernels.Kernels()
    monkeypatch.setattr(ready, "_kernels", [])
    check = ready.prepare(lambda _: None, lambda: None)
    assert check.state == "problem"
    assert "NUMBA_CACHE_DIR" in check.remedy


# ---- CUDA, of which this can only be simulated without such a card


def test_simulated_driver_without_the_engine_for_it_is_worth_a_note(monkeypatch):
    monkeypatch.setattr(device, "nvidia_driver", lambda: "12.8")
    monkeypatch.setattr(device, "_wanted_libraries", lambda: ())
    check = device.check_cuda()
    assert check.state == "note"
    assert "12.8" in check.text
    assert "CUDA" in check.remedy


def test_simulated_libraries_that_do_not_load_are_named(monkeypatch):
    monkeypatch.setattr(device, "nvidia_driver", lambda: "12.8")
    monkeypatch.setattr(device, "_wanted_libraries", lambda: ("libnothere.so.12",))
    check = device.check_cuda()
    assert check.state == "note"
    assert "libnothere.so.12" in check.text


def test_simulated_cuda_that_falls_back_to_the_cpu_is_told(monkeypatch):
    import onnxruntime

    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: both)
    assert device.check_device("cpu", "auto").state == "note"
    assert device.check_device("cpu", "cpu").state == "good"
    assert device.check_device("cuda", "auto").state == "good"


# ---- what stops a check


def test_an_error_of_the_tree_gives_its_remedy_and_its_exit_code():
    def check():
        raise InputError("there is no room: make some")

    found = guarded("disk", check)
    assert (found.text, found.remedy, found.error) == ("there is no room", "make some", InputError)


def test_a_stop_is_no_finding():
    def check():
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        guarded("disk", check)


def test_an_odd_failure_is_a_finding_of_its_own():
    found = guarded("device", lambda: os.stat(Path("/nonexistent/at all")))
    assert found.state == "problem"
    assert "FileNotFoundError" in found.text
