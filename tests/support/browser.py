"""A real browser without a window, spoken to over a pipe in the language of its developer tools."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# The browser reads commands from descriptor 3 and answers on 4.
PIPES = """
import os, sys
ends = [os.dup(os.dup(int(end))) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

# The contrast of every piece of text with the nearest ground that is painted behind it.
CONTRASTS = """
(() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => {
      v /= 255;
      return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = parts(getComputedStyle(e).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim()) continue;
    if (element.closest("script, .hidden, [hidden], title")) continue;
    const a = light(parts(getComputedStyle(element).color)), b = light(ground(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    found.push([walker.currentNode.data.trim(), ratio]);
  }
  return found;
})()
"""


def find_browser() -> str | None:
    """Return the program of a browser of the Chromium family, None when there is none."""
    given = os.environ.get("ANT_CORE_TEST_BROWSER")
    return given or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of a browser; what it asks the network for is noted in `requests`."""

    def __init__(self, program: str, *, dark: bool = False, size: tuple[int, int] = (1300, 900)):
        self._profile = tempfile.TemporaryDirectory(prefix="browser_", ignore_cleanup_errors=True)
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        self._child = subprocess.Popen(
            [
                *(sys.executable, "-c", PIPES, str(to_browser), str(from_browser), program),
                "--headless",
                "--no-sandbox",  # containers run as root and have no user namespaces
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--remote-debugging-pipe",
                f"--user-data-dir={self._profile.name}",
                f"--window-size={size[0]},{size[1]}",
                "about:blank",
            ],
            pass_fds=(to_browser, from_browser),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._dark = dark
        self._rest = b""
        self._number = 0
        self._session = ""
        self._loaded = 0
        self.requests: list[str] = []
        self.errors: list[str] = []

    def __enter__(self) -> Browser:
        try:
            self._attach()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._session = ""
            self._send("Browser.close")
        self._end()

    def _attach(self) -> None:
        """Find the one page, listen to it and pull its cable."""
        (page,) = (
            target["targetId"]
            for target in self._ask("Target.getTargets")["targetInfos"]
            if target["type"] == "page"
        )
        attached = self._ask("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._ask(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if self._dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        offline = {"latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        self._ask("Network.emulateNetworkConditions", offline=True, **offline)

    def _end(self) -> None:
        try:
            self._child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        os.close(self._write)
        os.close(self._read)
        self._profile.cleanup()

    def _send(self, method: str, **arguments: Any) -> int:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": arguments}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        return self._number

    def _ask(self, method: str, **arguments: Any) -> dict[str, Any]:
        number = self._send(method, **arguments)
        while (message := self._hear()).get("id") != number:
            pass
        if "error" in message:
            raise AssertionError(f"{method}: {message['error']}")
        return dict(message["result"])

    def _hear(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            data = os.read(self._read, 1 << 16)
            if not data:
                raise AssertionError("the browser has gone")
            self._rest += data
        text, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        self._note(message.get("method"), message.get("params", {}))
        return message

    def _note(self, method: str | None, values: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded += 1
        elif method == "Network.requestWillBeSent":
            self.requests.append(values["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(values["exceptionDetails"]))
        elif method == "Log.entryAdded" and values["entry"]["level"] == "error":
            self.errors.append(values["entry"]["text"])

    def open(self, address: str) -> None:
        """Load a page and wait until it is there."""
        self._ask("Page.navigate", url="about:blank")  # a new hash alone would load nothing
        before = self._loaded
        self._ask("Page.navigate", url=address)
        while self._loaded == before:
            self._hear()
        # The load that counted may have been that of the blank page.
        while self.ask("document.readyState + location.protocol") != "completefile:":
            self._hear()

    def ask(self, expression: str) -> Any:
        """Return the value of an expression of the page."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def until(self, expression: str, seconds: float = 60.0) -> None:
        """Wait until an expression of the page is true."""
        end = time.monotonic() + seconds
        while not self.ask(expression):
            assert time.monotonic() < end, expression
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Press the mouse on the middle of an element."""
        place = self.ask(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); "
            "e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect(); "
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            where = {"x": place[0], "y": place[1], "button": "left", "clickCount": 1}
            self._ask("Input.dispatchMouseEvent", type=kind, **where)

    def type(self, text: str) -> None:
        """Type into the field that was clicked, once it has the focus."""
        self.until(
            "(() => { const e = document.activeElement, inside = e.shadowRoot?.activeElement; "
            "return ['INPUT', 'TEXTAREA'].includes((inside || e).tagName); })()"
        )
        self._ask("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press a key such as Tab or Enter."""
        codes = {"Tab": (9, ""), "Enter": (13, "\r")}
        code, text = codes[key]
        values = {"key": key, "code": key, "windowsVirtualKeyCode": code, "text": text}
        self._ask("Input.dispatchKeyEvent", type="keyDown", **values)
        self._ask("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)

    def download_into(self, folder: Path) -> None:
        """Have downloads written to a folder without asking."""
        self._ask("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def picture(self, path: Path) -> None:
        """Save a screenshot of the whole page, to look at."""
        shot = self._ask("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))
