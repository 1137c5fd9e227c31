"""The parts of a release, each alone: versions, wheels for other systems, pieces, clean copies."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from krita_plugin.propagate_colors.link.pack.lock import CUDA
from krita_plugin.propagate_colors.link.pack.unpack import Guard, Trim
from scripts.packing.project import PackagingError, commit_time, export, version
from tests.support.loopback import serving

pytest.importorskip("packaging", reason="needs the release extra")

from scripts.packing import pieces
from scripts.packing.resolve import (
    SETTINGS,
    Platform,
    PlatformSettings,
    _chosen,
    best_wheel,
    resolve,
)

ROOT = Path(__file__).parents[2]
SETTING = PlatformSettings.read(SETTINGS)
# What the index had on 2026-11-29, names alone.
NUMPY = [
    "numpy-2.5.5-cp312-cp312-macosx_10_15_x86_64.whl",
    "numpy-2.5.5-cp312-cp312-macosx_11_0_arm64.whl",
    "numpy-2.5.5-cp312-cp312-macosx_14_0_arm64.whl",
    "numpy-2.5.5-cp312-cp312-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl",
    "numpy-2.5.5-cp312-cp312-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
    "numpy-2.5.5-cp312-cp312-musllinux_1_2_x86_64.whl",
    "numpy-2.5.5-cp312-cp312-win32.whl",
    "numpy-2.5.5-cp312-cp312-win_amd64.whl",
    "numpy-2.5.5-cp313-cp313-win_amd64.whl",
]


@pytest.fixture
def clone(tmp_path):
    """A clone of two files, one of them an executable, with a fixed time of its commit."""
    root = tmp_path / "clone"
    (root / "ant_core").mkdir(parents=True)
    (root / "ant_core" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (root / "run").write_text("#!/bin/sh\n")
    (root / "run").chmod(0o700)
    variables = os.environ | {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "a"), ("EMAIL", "a@b"), ("DATE", "2026-01-02T03:04:05Z"))
    }
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", str(root), *words], check=True, env=variables)
    return root


# ---- the project


def test_plugin_and_engine_have_one_version():
    assert version(ROOT).count(".") == 2


def test_two_versions_are_refused(clone):
    plugin = clone / "krita_plugin" / "propagate_colors" / "version.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text('__version__ = "1.2.4"\n')
    with pytest.raises(PackagingError, match=r"1\.2\.3 and .*1\.2\.4"):
        version(clone)


def test_a_clean_copy_holds_the_commit_alone_with_its_time_and_plain_permissions(clone, tmp_path):
    (clone / "junk").write_text("")
    (clone / "ant_core" / "__init__.py").write_text("changed since")
    before = os.umask(0o077)
    try:
        copy = export(tmp_path / "copy", clone)
    finally:
        os.umask(before)
    files = {path.relative_to(copy).as_posix(): path for path in copy.rglob("*") if path.is_file()}
    assert set(files) == {"run", "ant_core/__init__.py"}
    assert files["ant_core/__init__.py"].read_text() == '__version__ = "1.2.3"\n'
    assert {path.stat().st_mtime for path in files.values()} == {commit_time(clone)}
    modes = {name: path.stat().st_mode & 0o777 for name, path in files.items()}
    assert modes == {"run": 0o755, "ant_core/__init__.py": 0o644}


def test_a_folder_that_is_no_clone_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(PackagingError, match="start this in a clone"):
        commit_time(tmp_path)


# ---- which wheels


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("linux-x86_64", 4),
        ("linux-x86_64-cuda", 4),
        ("windows-x86_64", 7),
        ("windows-x86_64-cuda", 7),
        ("macos-arm64", 2),
        ("macos-x86_64", 0),
    ],
)
def test_each_platform_gets_the_wheel_that_an_installer_would_take(key, place):
    for names in (NUMPY, NUMPY[::-1]):
        assert best_wheel(names, SETTING.platforms[key]) == NUMPY[place]


def test_an_older_system_gets_the_older_wheel_and_a_foreign_one_none():
    older = Platform("mac", "x", "cpu", "macosx_13_0_arm64", "cpython-3.12.1+1-x.tar.gz", "")
    assert best_wheel(NUMPY, older) == NUMPY[1]
    assert best_wheel(NUMPY[:4], SETTING.platforms["windows-x86_64"]) is None


def test_a_wheel_for_every_python_loses_against_one_for_this():
    names = ["protobuf-7.36.2-py3-none-any.whl", "protobuf-7.36.2-cp310-abi3-win_amd64.whl"]
    assert best_wheel(names, SETTING.platforms["windows-x86_64"]) == names[1]


def test_the_settings_are_those_of_four_systems_and_two_gpus_and_name_no_address():
    assert set(SETTING.platforms) == {
        "linux-x86_64",
        "linux-x86_64-cuda",
        "windows-x86_64",
        "windows-x86_64-cuda",
        "macos-arm64",
        "macos-x86_64",
    }
    for platform in SETTING.platforms.values():
        assert platform.python_version == "3.12"
        assert len(bytes.fromhex(platform.sha256)) == 32
    text = "".join(path.read_text("utf-8") for path in SETTINGS.parent.glob("*.*"))
    assert "://" not in text


def test_a_beta_is_never_packed():
    """uv 0.13.9 takes Numba 0.63.0b1 for Intel Macs where it is not told to take none."""
    name = "numba-0.63.0b1-cp312-cp312-macosx_10_13_universal2.whl"
    wheel = {"url": f"https://x/{name}", "size": 1, "hashes": {"sha256": "ab"}}
    package = {"name": "numba", "version": "0.63.0b1", "wheels": [wheel]}
    with pytest.raises(PackagingError, match=r"numba 0\.63\.0b1 is no release"):
        _chosen(package, SETTING.platforms["macos-x86_64"])


def test_what_cannot_be_resolved_is_said_with_uvs_words(tmp_path):
    pytest.importorskip("uv", reason="needs the release extra")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\nversion = '1'\n")
    platform = SETTING.platforms["linux-x86_64"]
    with pytest.raises(PackagingError, match="extra"):
        resolve(platform, tmp_path, 1_700_000_000)


def test_a_pack_for_a_gpu_is_that_of_its_system_with_another_onnx_runtime():
    """The plugin finds it by its key, and takes the parts that both have from the other."""
    for key, platform in SETTING.platforms.items():
        if key.endswith(CUDA):
            plain = SETTING.platforms[key.removesuffix(CUDA)]
            assert platform == replace(plain, key=key, extra="cuda")


# ---- what is left out


@pytest.mark.parametrize(
    "path",
    [
        "numpy/ma/tests/test_core.py",
        "numba/tests/test_array.py",
        "cv2/opencv_videoio_ffmpeg500_64.dll",
        "onnxruntime/transformers/models/bert/eval.py",
        "onnxruntime/capi/libonnxruntime_providers_tensorrt.so",
        "onnxruntime/capi/onnxruntime_providers_tensorrt.dll",
        "nvidia/cu13/include/cuda_runtime.h",
        "nvidia/cudnn/include/cudnn.h",
        "nvidia/cu13/lib/libcudart_static.a",
        "nvidia/cu13/lib/x64/cudart.lib",
        "numpy/__init__.pyi",
        "python/lib/python3.12/test/test_os.py",
        "python/Lib/test/test_os.py",
        "python/lib/python3.12/site-packages/pip/__init__.py",
    ],
)
def test_what_is_never_used_is_left_out(path):
    assert Trim(SETTING.leave_out)(path)


@pytest.mark.parametrize(
    "path",
    [
        "numpy/testing/__init__.py",
        "numba/testing/__init__.py",
        "numba/np/unsafe/ndarray.py",
        "cv2/__init__.py",
        "onnxruntime/capi/onnxruntime_pybind11_state.pyd",
        "onnxruntime/capi/libonnxruntime_providers_cuda.so",
        "onnxruntime/capi/libonnxruntime_providers_shared.so",
        "nvidia/cu13/lib/libcublasLt.so.13",
        "nvidia/cudnn/bin/cudnn64_9.dll",
        "numpy-2.5.5.dist-info/licenses/LICENSE.txt",
        "ant_core/models/default.antmodel",
        "python/lib/python3.12/unittest/__init__.py",
        "python/lib/python3.12/site-packages/README.txt",
        "python/python.exe",
    ],
)
def test_what_is_used_or_says_under_which_licence_stays(path):
    assert not Trim(SETTING.leave_out)(path)


def test_simulated_windows_refuses_names_that_differ_in_case_alone(tmp_path):
    guard = Guard(tmp_path, True, 259)
    guard.check("site/a/B.py")
    with pytest.raises(Exception, match=r"b\.py"):
        guard.check("site/a/b.py")


# ---- pieces


@pytest.fixture
def served():
    with serving() as server:
        yield server


def python_piece(content):
    digest = hashlib.sha256(content).hexdigest()
    return Platform("linux", "x", "cpu", "any", "cpython-3.12.1+2026-x.tar.gz", digest)


def test_a_python_archive_is_fetched_once_and_kept(served, tmp_path):
    platform = python_piece(b"archive")
    served.files["/py/cpython-3.12.1%2B2026-x.tar.gz"] = b"archive"
    path = pieces.fetch_python(platform, served.base + "/py", tmp_path)
    assert path.read_bytes() == b"archive"
    assert pieces.fetch_python(platform, "", tmp_path) == path
    assert len(served.requests) == 1


def test_a_python_archive_with_another_hash_is_refused_and_not_kept(served, tmp_path):
    platform = python_piece(b"archive")
    served.files["/py/cpython-3.12.1%2B2026-x.tar.gz"] = b"another"
    with pytest.raises(PackagingError, match="another hash"):
        pieces.fetch_python(platform, served.base + "/py", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_python_archive_that_is_nowhere_is_asked_for(served, tmp_path):
    with pytest.raises(PackagingError, match="--python-address"):
        pieces.fetch_python(python_piece(b"a"), "", tmp_path)
    with pytest.raises(PackagingError, match="check the address"):
        pieces.fetch_python(python_piece(b"a"), served.base, tmp_path)


# ---- the command


def test_the_plugin_alone_needs_the_standard_library_only(tmp_path):
    """Without site-packages, as the README's command runs on a machine with Python alone."""
    command = [sys.executable, "-S", str(ROOT / "scripts" / "package.py"), "--out", str(tmp_path)]
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=bare)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).name == f"propagate_colors-{version(ROOT)}.zip"
    command.append("wheel")
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=bare)
    assert done.returncode == 1
    assert "release" in done.stderr
    assert "Traceback" not in done.stderr
