"""The demo on the bundled sample, in the environment that the tests run in."""

import sys

from scripts import demo


def test_demo_names_the_contact_sheet_it_made(tmp_path, monkeypatch, capfd):
    out = tmp_path / "demo é"
    monkeypatch.setattr(demo._env, "ensure", lambda name, extras: sys.executable)
    monkeypatch.setattr(sys, "argv", ["demo.py", "--out", str(out)])
    assert demo.main() == 0
    sheet = out / "contact_sheet.png"
    assert sheet.is_file()
    assert capfd.readouterr().err.rstrip().endswith(str(sheet))
    assert len(list((out / "color").glob("*.png"))) == 14
    # Started again it shows the work again instead of finding it done.
    sheet.write_bytes(b"")
    assert demo.main() == 0
    assert sheet.stat().st_size > 0
