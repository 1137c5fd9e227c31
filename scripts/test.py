"""Run every test that can run here.

    python3 scripts/test.py [--lowest] [--data DIR] [--bench DIR] [--krita all] [what pytest takes]

Makes an environment of its own (.venv-test) with the packages of the tests, among them PyTorch
where it can be had, and starts pytest in it. What else is given goes to pytest, for example:

    python3 scripts/test.py tests/segmentation -k gap

Without anything given, the tests outside Krita run side by side, one process a core, and those
inside Krita after them: each of these starts programs of its own and measures how they respond.

--lowest takes the lowest versions that pyproject.toml allows (.venv-lowest), and without anything
else the tests of what runs at an artist's or on a farm.
--data and --bench name folders outside the project; tests that need one are skipped without it.
The tests inside Krita and those of pages use the installed Krita and browser (of the Chromium
family); as root on Debian, what is missing is installed first.
--krita all tests the Kritas of Debian's other suites as well, in system trees made for it. Where
CI is set, the whole suite ends with the newest of them: Krita's API, the packed plugin and the
whole way from the docker's button to the saved file.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import _env
import _krita_trees

BROWSERS = ("chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
EXTRAS = ["cpu", "dev", "farm", "formats", "release", "site"]
IN_KRITA = "tests/in_krita"
LOWEST = ["cpu", "dev", "farm", "formats", "train"]
_ROOMS = ("api", "batch", "color", "commands", "doctor", "engine", "formats", "matching", "models")
_ROOMS += ("output", "propagation", "segmentation", "shot", "workflow")
AT_RUN_TIME = ["tests/" + room for room in _ROOMS]
SIDE_BY_SIDE = ["-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"]
IN_NEWEST = "test_host or packed or (whole_way and not killed)"


def main():
    """Set up and run pytest."""
    arguments = sys.argv[1:]
    if arguments in (["-h"], ["--help"]):
        sys.stdout.write(__doc__ + "\n")
        return 0
    if "--lowest" in arguments:
        arguments.remove("--lowest")
        python = _env.ensure(".venv-lowest", LOWEST, lowest=True)
        # Beside the source, another Numba's compiled kernels would take the place of these.
        kernels = os.path.join(_env.ROOT, ".venv-lowest", "kernels")
        command = [python, "-m", "pytest"] + (arguments or SIDE_BY_SIDE + AT_RUN_TIME)
        return _env.run(command, env=dict({"NUMBA_CACHE_DIR": kernels}, **os.environ))
    python = _env.ensure(".venv-test", EXTRAS, torch=True)
    log = os.path.join(_env.ROOT, ".venv-test", "krita.log")
    if _wants(arguments, "in_krita"):
        _krita_trees.install_krita(log)
    if _wants(arguments, "batch"):
        _env.install_package(
            "chromium", os.path.join(_env.ROOT, ".venv-test", "browser.log"), BROWSERS
        )
    if _wants(arguments, "commands"):
        _env.install_package("strace", os.path.join(_env.ROOT, ".venv-test", "apt.log"))
    if "--krita=all" in arguments or "--krita all" in " ".join(arguments):
        _krita_trees.make_all(log)
    pytest = [python, "-m", "pytest"]
    if arguments:
        return _env.run(pytest + arguments)
    code = _env.run(pytest + SIDE_BY_SIDE + ["--ignore", IN_KRITA])
    code = _env.run(pytest + [IN_KRITA]) or code
    if os.environ.get("CI"):
        newest = _krita_trees.make_newest(log)
        if newest:
            _env.say("The newest Krita:")
            choice = [IN_KRITA, "--krita", newest, "-k", IN_NEWEST]
            code = _env.run(pytest + choice) or code
    return code


def _wants(arguments, room):
    """Tell whether the tests of a room are among those to be run."""
    ignored = [arguments[i + 1] for i, word in enumerate(arguments[:-1]) if word == "--ignore"]
    if any(room in word for word in ignored):
        return False
    chosen = [word.rstrip("/") for word in arguments if word not in ignored]
    places = [word for word in chosen if word.startswith("tests")]
    return not places or any(word == "tests" or room in word for word in places)


if __name__ == "__main__":
    sys.exit(_env.main_of(main))
