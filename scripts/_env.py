"""Environments of their own for demo.py and test.py; the standard library only.

This file and its two users start on any ``python3`` of a machine. They keep to the syntax
of Python 3.6, so that an old one can still say in one sentence what is wrong.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OLDEST, NEWEST = (3, 11), (3, 14)

# The build without CUDA, where the package index has it: a tenth of the download.
TORCH = ("torch==2.13.0+cpu", "torch")

# What the tests run with on the build server, by version and hash; see scripts/package.py.
LOCK = os.path.join("scripts", "requirements-linux-x86_64-3.11.txt")


class SetupError(Exception):
    """The environment cannot be made; the message is one sentence for the user."""


def check_python(version=None):
    """Raise SetupError unless this Python can run the project."""
    version = tuple((version or sys.version_info)[:2])
    if not OLDEST <= version <= NEWEST:
        raise SetupError(
            "This is Python %d.%d, but Propagate Colors needs 3.%d to 3.%d: install one of them "
            "and start this script with it." % (version + (OLDEST[1], NEWEST[1]))
        )


def ensure(name, extras, torch=False, lowest=False):
    """Make the environment `name` in the checkout, or find it ready, and return its Python.

    `extras` are the project's optional dependencies to install. With `torch`, the extra `train`
    is added where PyTorch can be installed; where it cannot, the environment does without. With
    `lowest`, of each package that pyproject.toml names the lowest version that it allows is taken,
    and no PyTorch: its old builds are many times the size of all else.
    """
    check_python()
    folder = os.path.join(ROOT, name)
    python = _python_of(folder)
    stamp = os.path.join(folder, "ready")
    key = _key(extras, torch or lowest)
    if os.path.exists(python) and _read(stamp) == key:
        return python
    say("Setting up %s (once; takes a minute or two) ..." % name)
    if _read(stamp) is not None:
        os.remove(stamp)
    if not _runs(python):
        _create(folder)
    log = os.path.join(folder, "install.log")
    open(log, "w").close()
    extras = list(extras)
    with_torch = torch and any(_pip(python, log, requirement) for requirement in TORCH)
    if with_torch:
        extras.append("train")
    if lowest:
        installed = _install_lowest(python, log, extras)
    elif "dev" in extras and _is_locked():
        # setuptools is among them: to fetch another for the build would be one without a hash.
        installed = _pip(python, log, "--require-hashes", "--no-deps", "-r", LOCK) and _pip(
            python, log, "--no-build-isolation", "--no-deps", "-e", ROOT
        )
    else:
        installed = _pip(python, log, "-e", "%s[%s]" % (ROOT, ",".join(sorted(extras))))
    if not installed:
        raise SetupError(_why(log, name))
    if torch and not with_torch:
        say("PyTorch cannot be installed here; the tests that need it will be skipped.")
    with open(stamp, "w") as file:
        file.write(key)
    return python


def _install_lowest(python, log, extras):
    """Install the lowest versions, as uv finds them; tell whether it worked."""
    with open(os.path.join(ROOT, "pyproject.toml")) as file:
        uv = re.search(r'"(uv==[^"]+)"', file.read()).group(1)
    left_out = os.path.join(os.path.dirname(log), "left_out.txt")
    with open(left_out, "w") as file:
        file.write("torch\n")
    project = "%s[%s]" % (ROOT, ",".join(sorted(extras)))
    command = [python, "-m", "uv", "pip", "install", "--python", python]
    command += ["--resolution", "lowest-direct", "--excludes", left_out, "-e", project]
    return _pip(python, log, uv) and _logged(command, log)


def run(command, **options):
    """Run a command in the checkout, without input, and return its exit code."""
    with open(os.devnull) as nothing:
        return subprocess.call(command, cwd=ROOT, stdin=nothing, **options)


def main_of(function):
    """Run a script's main function; turn SetupError and Ctrl-C into one line and an exit code."""
    try:
        return function()
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped; start again to go on.")
        return 130


def say(text):
    """Tell the user something."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _is_locked():
    """Tell whether this is the system that the list of hashes is for."""
    machine = (sys.platform, platform.machine()) + tuple(sys.version_info[:2])
    return machine == ("linux", "x86_64", 3, 11) and os.path.exists(os.path.join(ROOT, LOCK))


def _key(extras, torch):
    digest = hashlib.sha256()
    for name in ["pyproject.toml"] + [LOCK] * _is_locked():
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    settings = (sys.version, ROOT, sorted(extras), torch, TORCH)
    digest.update(repr(settings).encode("utf-8"))
    return digest.hexdigest()


def _read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None


def _python_of(folder):
    if os.name == "nt":
        return os.path.join(folder, "Scripts", "python.exe")
    return os.path.join(folder, "bin", "python")


def _runs(python):
    """Tell whether an environment of an earlier run can be used: same Python, with pip."""
    if not os.path.exists(python):
        return False
    ask = "import sys, pip; print(sys.version)"
    try:
        answer = subprocess.check_output([python, "-c", ask], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return False
    return answer.decode("utf-8", "replace").strip() == sys.version.strip()


def _create(folder):
    """Make a virtual environment with pip in it, also where the system lacks a part of that."""
    shutil.rmtree(folder, ignore_errors=True)
    if _try([sys.executable, "-m", "venv", folder]):
        return
    # Debian keeps the pip of new environments in a package of its own, python3-venv. The system's
    # pip can put one in as well.
    shutil.rmtree(folder, ignore_errors=True)
    if _try([sys.executable, "-m", "venv", "--without-pip", folder]):
        into = [sys.executable, "-m", "pip", "--python", _python_of(folder)]
        if _try(into + ["install", "--quiet", "pip"]):
            return
    if _install_venv_package():
        shutil.rmtree(folder, ignore_errors=True)
        if _try([sys.executable, "-m", "venv", folder]):
            return
    shutil.rmtree(folder, ignore_errors=True)
    raise SetupError(
        "This Python cannot make virtual environments: install its venv module (on Debian: "
        "sudo apt-get install python3-venv) and start this script again."
    )


def _install_venv_package():
    """Install Debian's python3-venv where that needs no password: as root, as in a container."""
    if not _can_use_apt():
        return False
    say("Installing Debian's python3-venv, which new environments need ...")
    settings = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = ["apt-get", "install", "-y", "--no-install-recommends", "python3-venv"]
    return _try(install, settings) or (
        _try(["apt-get", "update"], settings) and _try(install, settings)
    )


def install_package(package, log, programs=()):
    """Install one of Debian's packages where that needs no password; the tests say what they miss.

    Nothing is done where one of its programs, or one of its name, is there. The messages of
    apt-get go to `log`.
    """
    if any(shutil.which(name) for name in [package] + list(programs)) or not _can_use_apt():
        return
    say("Installing Debian's %s for the tests (once) ..." % package)
    settings = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = ["apt-get", "install", "-y", "--no-install-recommends", package]
    for command in (["apt-get", "update"], install):
        if not _logged(command, log, settings):
            say("SKIPPED: %s could not be installed; see %s." % (package, log))
            return


def _can_use_apt():
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return root and shutil.which("apt-get") is not None


def _try(command, environment=None):
    try:
        with open(os.devnull, "r+") as nothing:
            return not subprocess.call(
                command, stdin=nothing, stdout=nothing, stderr=nothing, env=environment
            )
    except OSError:
        return False


def _pip(python, log, *what):
    """Install with pip, its messages going to the log; tell whether it worked."""
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--retries", "2", "--prefer-binary"]
    return _logged(command + list(what), log)


def _logged(command, log, environment=None):
    """Run a command in the checkout, its messages going to the log; tell whether it worked."""
    with open(log, "ab") as messages, open(os.devnull) as nothing:
        return not subprocess.call(
            command, cwd=ROOT, stdin=nothing, stdout=messages, stderr=messages, env=environment
        )


def _why(log, name):
    """Say in one sentence why pip failed and what to do."""
    text = (_read(log) or "").lower()
    place = os.path.join(name, "install.log")
    if "no space left" in text:
        return "The disk is full: free some space and start this script again."
    unreachable = ("connection", "temporary failure", "network is unreachable", "resolve", "timed")
    if any(word in text for word in unreachable):
        return (
            "The packages could not be downloaded: check the network connection and start this "
            "script again (pip's messages are in %s)." % place
        )
    return "The packages could not be installed: see the end of %s for pip's reason." % place
