"""A browser for the tests of pages; starts on any Python, like _env.py."""

import os
import shutil
import subprocess

import _env

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def install_browser(log):
    """Install Debian's Chromium where that needs no password; the tests say what they miss."""
    if any(shutil.which(name) for name in NAMES):
        return
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not root or shutil.which("apt-get") is None:
        return
    _env.say("Installing Chromium for the tests of the summary page (once) ...")
    settings = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
    with open(log, "ab") as messages, open(os.devnull) as nothing:
        for command in (["apt-get", "update"], install):
            try:
                failed = subprocess.call(
                    command, stdin=nothing, stdout=messages, stderr=messages, env=settings
                )
            except OSError:
                failed = True
            if failed:
                _env.say("SKIPPED: Chromium could not be installed; apt-get says why in %s." % log)
                return
