"""Kritas to test the plugin in: Debian's own, and system trees that hold those of other suites.

A tree is a small Debian with Krita, PyQt and software OpenGL, 1.1 to 1.3 GB, made by debootstrap
in a minute or two. Making them needs root; a finished tree is left alone. As with _env.py: the
standard library only, in the syntax of Python 3.6.
"""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import _env

# Tree -> suite. Krita 6 lies in experimental, on top of the unstable suite.
SUITES = (("trixie", "trixie"), ("forky", "forky"), ("experimental", "sid"))
SYSTEM_PACKAGES = ("krita", "python3-pyqt5", "xvfb")
SYSTEM_PACKAGES += ("libgl1-mesa-dri", "libxtst6", "fonts-dejavu-core")
# On Debian, PyQt, OpenGL drivers and Qt 6's icons are no dependencies of Krita.
TREE_PACKAGES = ("krita", "python3", "libgl1-mesa-dri", "libxtst6", "fonts-dejavu-core")
MIRROR = "http://deb.debian.org/debian"
READY = ".propagate_colors_ready"

APT_SETTINGS = """APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Dpkg::Use-Pty "0";
"""
DPKG_SETTINGS = """path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
force-unsafe-io
"""
KRITA_FROM_EXPERIMENTAL = """Package: src:krita
Pin: release a=experimental
Pin-Priority: 900
"""


class TreeError(Exception):
    """A tree could not be made; the message is one sentence."""


def install_krita(log):
    """Install Debian's Krita where that needs no password; say what could not be done."""
    if shutil.which("krita") and shutil.which("Xvfb"):
        return
    if not _is_root() or shutil.which("apt-get") is None:
        return  # the tests say themselves what they miss
    _env.say("Installing Krita for the tests inside it (once; takes some minutes) ...")
    install = ["apt-get", "install", "-y", "--no-install-recommends"] + list(SYSTEM_PACKAGES)
    for command in (["apt-get", "update"], install):
        if not _logged(command, log):
            _env.say("Krita could not be installed; apt-get's messages are in %s." % log)
            return


def make_all(log):
    """Make every tree that is missing, or say in one line why not."""
    _make_missing(SUITES, log)


def make_newest(log):
    """Make the tree of the newest Krita if it is missing; returns its path, None without it."""
    _make_missing(SUITES[-1:], log)
    return next((tree for tree in made() if os.path.basename(tree) == SUITES[-1][0]), None)


def _make_missing(suites, log):
    why = _obstacle()
    if why:
        _env.say("SKIPPED: Krita's other versions are not tested, because %s." % why)
        return
    for name, suite in suites:
        tree = os.path.join(folder(), name)
        if os.path.exists(os.path.join(tree, READY)):
            continue
        _env.say("Making a Debian tree with the Krita of %s in %s ..." % (name, tree))
        try:
            _make(name, suite, tree, log)
        except TreeError as error:
            _env.say("SKIPPED: the Krita of %s is not tested: %s" % (name, error))


def made():
    """Return the paths of the trees that are ready."""
    trees = [os.path.join(folder(), name) for name, _ in SUITES]
    return [tree for tree in trees if os.path.exists(os.path.join(tree, READY))]


def folder():
    """Return where trees are kept, in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "propagate_colors", "krita")


def _obstacle():
    if not sys.platform.startswith("linux") or not _is_root():
        return "that needs root on Linux"
    if shutil.which("apt-get") is None:
        return "that needs a Debian system"
    test = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    if not _quiet(test):
        return "this machine may not mount (a container, perhaps)"
    return None


def _make(name, suite, tree, log):
    if shutil.which("debootstrap") is None and not _logged(
        ["apt-get", "install", "-y", "--no-install-recommends", "debootstrap"], log
    ):
        raise TreeError("debootstrap could not be installed; see %s." % log)
    _remove(tree)  # half a tree of an interrupted run
    os.makedirs(tree)
    mirror = _mirror()
    scripts = "/usr/share/debootstrap/scripts"
    script = os.path.join(scripts, suite)
    if not os.path.exists(script):  # a suite newer than this debootstrap
        script = os.path.join(scripts, "sid")
    command = ["debootstrap", "--variant=minbase", suite, tree, mirror, script]
    if not _logged(command, log):
        raise TreeError("debootstrap failed; see %s." % log)
    _configure(name, tree, mirror)
    for command in (["apt-get", "update"], ["apt-get", "install", "-y"] + list(TREE_PACKAGES)):
        if not _logged(_inside(tree, command), log):
            raise TreeError("Krita could not be installed in it; see %s." % log)
    # Not by what is installed: other packages may bring the other Qt.
    uses_5 = _quiet(_inside(tree, ["sh", "-c", "ldd /usr/bin/krita | grep -q libQt5Core"]))
    qt = "5" if uses_5 else "6"
    extra = ["python3-pyqt" + qt] + (["qt6-svg-plugins"] if qt == "6" else [])
    if not _logged(_inside(tree, ["apt-get", "install", "-y"] + extra), log):
        raise TreeError("PyQt%s could not be installed in it; see %s." % (qt, log))
    _quiet(_inside(tree, ["apt-get", "clean"]))
    _write(tree, READY, suite + "\n")


def _configure(name, tree, mirror):
    _write(tree, "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n")  # start no services
    os.chmod(os.path.join(tree, "usr/sbin/policy-rc.d"), 0o755)
    _write(tree, "etc/apt/apt.conf.d/90small", APT_SETTINGS)
    _write(tree, "etc/dpkg/dpkg.cfg.d/90small", DPKG_SETTINGS)
    if name == "experimental":
        source = "deb %s experimental main\n" % mirror
        _write(tree, "etc/apt/sources.list.d/experimental.list", source)
        _write(tree, "etc/apt/preferences.d/krita", KRITA_FROM_EXPERIMENTAL)


def _mirror():
    """Return the mirror that this machine's own apt uses."""
    ask = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    try:
        found = subprocess.check_output(ask, stderr=subprocess.DEVNULL).decode("utf-8", "replace")
    except (OSError, subprocess.CalledProcessError):
        return MIRROR
    usable = [line for line in found.split() if "security" not in line and "debian" in line]
    return usable[0] if usable else MIRROR


def _inside(tree, command):
    settings = ["LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", "HOME=/root"]
    settings.append("PATH=/usr/sbin:/usr/bin:/sbin:/bin")
    for name in ("http_proxy", "https_proxy"):
        if os.environ.get(name):
            settings.append("%s=%s" % (name, os.environ[name]))
    return ["env", "-i"] + settings + ["chroot", tree] + command


def _remove(tree):
    # One file system: should something be mounted in there, it is not emptied.
    if os.path.exists(tree) and not _quiet(["rm", "-rf", "--one-file-system", tree]):
        raise TreeError("the unfinished tree %s could not be removed." % tree)


def _is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _write(tree, name, text):
    with open(os.path.join(tree, name), "w") as file:
        file.write(text)


def _logged(command, log):
    settings = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
    with open(log, "ab") as messages:
        return _call(command, messages, settings)


def _quiet(command):
    with open(os.devnull, "wb") as nothing:
        return _call(command, nothing, None)


def _call(command, messages, settings):
    try:
        with open(os.devnull) as empty:
            return not subprocess.call(
                command, stdin=empty, stdout=messages, stderr=subprocess.STDOUT, env=settings
            )
    except OSError:
        return False
