"""Runs scenarios inside Krita, one after the other, then closes Krita.

Installed by runner.py as a plugin beside the one under test. It writes result.json after every
scenario, so that a crash of Krita costs only the scenario it happened in.
"""

import importlib
import json
import os
import sys
import time
import traceback

import krita
from in_krita.scenarios.base import REST_SECONDS, Context

from krita_plugin.propagate_colors.host import hand
from krita_plugin.propagate_colors.qt import QtCore, QtWidgets
from krita_plugin.propagate_colors.work import jobs

SCENARIO_SECONDS = int(os.environ.get("SCENARIO_SECONDS", "120"))


class Driver:
    """Goes through the orders."""

    def __init__(self, orders):
        self._left = list(orders["scenarios"])
        self._out = orders["out"]
        self._started = False
        self._errors = []
        self._now = None  # context, runner, start of the scenario that runs
        self._seen = {"krita": krita.Krita.instance().version(), "scenarios": {}}
        self._seen["qt"] = QtCore.QT_VERSION_STR
        self._seen["python"] = sys.version.split()[0]

    def start(self):
        """Krita's window is there."""
        if self._started:
            return
        self._started = True
        sys.excepthook = self._not_caught  # Krita's own opens a dialog and waits
        window = krita.Krita.instance().activeWindow().qwindow()
        window.showNormal()
        window.setGeometry(QtWidgets.QApplication.primaryScreen().geometry())
        krita.Krita.instance().setBatchmode(True)
        self._next()

    def _next(self):
        if not self._left:
            self._finish()
            return
        name = self._left.pop(0)
        self._seen["running"] = name
        self._write()
        started = time.monotonic()
        context = Context(name, self._out)
        try:
            module, _, function = name.partition(":")
            job = getattr(importlib.import_module(f"in_krita.scenarios.{module}"), function)
            scenario = job(context)
        except Exception:
            self._done(name, started, context, traceback.format_exc())
            return

        def ended(error):
            watch.stop()
            text = None
            if isinstance(error, BaseException):
                text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
            self._done(name, started, context, text)

        runner = jobs.Runner(scenario, name, ended, ended)
        watch = QtCore.QTimer()
        watch.setSingleShot(True)
        watch.timeout.connect(lambda: self._too_long(runner))
        watch.start(SCENARIO_SECONDS * 1000)
        self._now = (runner, watch)

    def _too_long(self, runner):
        box = QtWidgets.QApplication.activeModalWidget()
        if box is not None:
            self._errors.append(f'the dialog "{box.windowTitle()}" was open and waited')
            box.close()
        self._errors.append(f"took more than {SCENARIO_SECONDS} s")
        runner.cancel()

    def _done(self, name, started, context, text):
        errors, self._errors = self._errors, []
        if not context.errors_expected:
            text = "\n".join([*([text] if text else []), *errors]) or None
        if text:
            text += f"\n{_surroundings(context)}"
        self._seen["scenarios"][name] = {
            "status": "failed" if text else "passed",
            "text": text,
            "seconds": round(time.monotonic() - started, 2),
            "values": context.values,
        }
        self._write()
        jobs.Runner(_close_all(), "close", lambda _: self._next(), self._closing_failed)

    def _closing_failed(self, error):
        self._errors.append(f"closing the documents failed: {error!r}")
        self._next()

    def _finish(self):
        self._seen["finished"] = True
        self._seen.pop("running", None)
        self._write()
        # QApplication.quit() crashes Krita 5; File > Quit does not.
        krita.Krita.instance().action("file_quit").trigger()

    def _not_caught(self, kind, value, trace):
        self._errors.append("".join(traceback.format_exception(kind, value, trace)))

    def _write(self):
        path = os.path.join(self._out, "result.json")
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(self._seen, file, indent=1, default=str)
        os.replace(path + ".part", path)


def _surroundings(context):
    """Keep a picture of the screen; return what input Krita waits for, in one line."""
    application = QtWidgets.QApplication
    picture = context.file("failed.png")
    application.primaryScreen().grabWindow(0).save(picture)
    held = [application.activePopupWidget(), application.activeModalWidget()]
    held += [application.mouseButtons(), application.keyboardModifiers()]
    return f"popup, dialog, buttons and keys: {held}; pen up: {hand.is_up()}; see {picture}"


def _close_all():
    """Close all documents, but not before Krita's layer list has come to rest."""
    yield REST_SECONDS
    for document in krita.Krita.instance().documents():
        document.setModified(False)
        document.close()
        yield 0.1


class _Extension(krita.Extension):
    def __init__(self, parent, driver):
        super().__init__(parent)
        self._driver = driver

    def setup(self):
        notifier = krita.Krita.instance().notifier()
        notifier.setActive(True)
        start = self._driver.start
        notifier.windowCreated.connect(lambda *_: QtCore.QTimer.singleShot(300, start))

    def createActions(self, window):
        pass


def install(orders_path):
    """Called by the plugin folder that runner.py writes."""
    with open(orders_path, encoding="utf-8") as file:
        driver = Driver(json.load(file))
    application = krita.Krita.instance()
    application.addExtension(_Extension(application, driver))
