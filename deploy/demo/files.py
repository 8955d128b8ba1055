"""The configuration files of the demo, made from a clip's manifest line or for a camera of the user's own."""

import json
import socket
from pathlib import Path

HALL, AGENT, CAMERA = "tanggu", "edge-01", "cam-1"


def free_port(wanted: int) -> int:
    """The wanted port, or one that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise OSError("no free port on 127.0.0.1")


def text(value: object) -> str:
    """A TOML value: JSON writes the ones used here (texts, numbers, lists) the same way."""
    return json.dumps(value, ensure_ascii=False)


def central_toml(port: int, broker_port: int, halls: list) -> str:
    def hall(hall) -> str:
        names = "".join(f'[[halls.windows]]\nid = {text(w)}\nname = {text(w + " 号窗口")}\n' for w in hall.windows)
        return f"[[halls]]\nid = {text(hall.id)}\nname = {text(hall.name)}\n{names}"

    return (
        f'listen = "127.0.0.1:{port}"\ndata_dir = "central"\nconfig_key_file = "config-key.pem"\n'
        f'[broker]\nembedded = true\nlisten = "127.0.0.1:{broker_port}"\n' + "".join(map(hall, halls))
    )


def agent_toml(source: str, broker_port: int) -> str:
    return (
        f'hall = "{HALL}"\nagent = "{AGENT}"\ncalibration = "calibration.toml"\npolicy = "policy.toml"\ndata_dir = "agent"\n'
        f'config_key_file = "config-key.pub"\n'
        f'[broker]\nurl = "mqtt://127.0.0.1:{broker_port}"\n'
        f'[[cameras]]\nid = "{CAMERA}"\nsource = {text(source)}\n'
    )


def calibration_toml(windows: list[dict]) -> str:
    """The windows of a manifest line as `calibration.toml`."""
    keys = ("seat", "desk", "post", "required", "permitted")
    parts = ["version = 1\n"]
    for window in windows:
        lines = [f'{key} = {text(window[key])}' for key in keys if window.get(key) is not None]
        parts.append(f'[[windows]]\nid = {text(window["window"])}\ncamera = "{CAMERA}"\n' + "\n".join(lines) + "\n")
    return "\n".join(parts)


def policy_toml(policy: dict[str, dict]) -> str:
    """A manifest line's policy as `policy.toml`: always on duty, short timers."""
    parts = ["# Short timers for the demo. Without [schedule] the rules are always on duty.\nversion = 1\n"]
    for rule, settings in policy.items():
        parts.append(f"[rules.{rule}]\n" + "".join(f"{key} = {text(value)}\n" for key, value in settings.items()))
    return "\n".join(parts)


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
