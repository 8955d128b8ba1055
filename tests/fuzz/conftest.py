"""A central of its own with an account for each role and a few days of history, for the tests of this folder."""

import http.cookiejar
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("CHUANGMING_BIN", ROOT / "target/debug"))
PASSWORD = "a long test password"
ROLES = ["center_head", "staff", "installer", "auditor", "administrator"]


@dataclass
class SignedIn:
    """What a request of a role carries."""

    cookie: str
    csrf: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Central:
    """The real binary on free ports."""

    def __init__(self, folder: Path) -> None:
        port, self.broker = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "central.log"
        (folder / "central.toml").write_text(
            f'listen = "127.0.0.1:{port}"\ndata_dir = "data"\n[broker]\nembedded = true\nlisten = "127.0.0.1:{self.broker}"\n'
            '[[halls]]\nid = "tanggu"\nname = "塘沽中心"\n[[halls.windows]]\nid = "1"\nname = "1 号窗口"\n',
            encoding="utf-8",
        )
        (folder / "password.txt").write_text(PASSWORD + "\n", encoding="utf-8")
        for role in ROLES:
            where = ["--all-halls"] if role in ("auditor", "administrator") else ["--hall", "tanggu"]
            account = ["account", "add", "--config", "central.toml", "--name", role, "--role", role, *where]
            subprocess.run([BIN / "central", *account, "--password-file", "password.txt"], cwd=folder, check=True, capture_output=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([BIN / "central", "serve", "--config", "central.toml"], cwd=folder, stdout=log, stderr=log)
        self.wait()
        story = ["history", "--broker", f"mqtt://127.0.0.1:{self.broker}", "--hall", "tanggu", "--agent", "edge-01", "--windows", "1,2", "--days", "7"]
        subprocess.run([BIN / "central", *story], check=True, capture_output=True)

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                return urllib.request.urlopen(f"{self.url}/readyz", timeout=2).close()
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
                time.sleep(0.1)
        raise AssertionError("central did not answer")

    def sign_in(self, name: str) -> SignedIn:
        jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        body = json.dumps({"name": name, "password": PASSWORD}).encode()
        request = urllib.request.Request(f"{self.url}/api/v1/session", body, {"content-type": "application/json"})
        with opener.open(request, timeout=30) as answer:
            csrf = json.load(answer)["csrf"]
        return SignedIn("; ".join(f"{cookie.name}={cookie.value}" for cookie in jar), csrf)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="session")
def central(tmp_path_factory):
    central = Central(tmp_path_factory.mktemp("central"))
    yield central
    central.stop()
