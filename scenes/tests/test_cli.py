"""The command line: bad input is told in one line, and nothing is rendered for it."""

import json
from pathlib import Path

import pytest

from scenes import behaviours, cli, timeline

HERE = Path(__file__).parents[1]
SCRIPTS = ("demo", "quiet")


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_are_sound(name):
    script = timeline.load(HERE / "scripts" / f"{name}.toml", behaviours.BEHAVIOURS)
    assert script.id == name and len(script.windows) == 2


@pytest.mark.parametrize(
    "name, text, told",
    [
        ("a.toml", "id = ", "a.toml"),
        ("a.json", "{", "a.json"),
        ("a.json", json.dumps({"id": "x"}), "missing key 'seed'"),
    ],
)
def test_a_bad_script(tmp_path, capsys, name, text, told):
    (tmp_path / name).write_text(text)
    assert cli.main(["clip", "--script", str(tmp_path / name), "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1


def test_a_missing_script(tmp_path, capsys):
    assert cli.main(["reference", "--script", str(tmp_path / "none.toml"), "--out", "x.jpg"]) == 2
    assert "none.toml" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--cameras", "drone"], ["--behaviours", "dance"], ["--emphasise", "sofa"]])
def test_unknown_names_are_refused(option, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(["stills", "--start", "1", "--n", "1", "--out", "x", *option])
    assert left.value.code == 2
    assert option[1] in capsys.readouterr().err
