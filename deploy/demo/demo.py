"""Shows the job: central with its embedded broker, an edge agent on a bundled clip in real time, alerts on the page.

Run it through `make demo`, which sets up and builds first.
  CAMERA=rtsp://… or /dev/video0   the user's own camera instead of the clip, with proposed windows
  DEMO_SECONDS=90                  ends by itself, that long after the first frame: exit 0 only if exactly the events
                                   that the clip holds arrived at central
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
from datetime import date, datetime
from pathlib import Path

import files
import people
from api import Api
from expected import Raised, Verdict, expected, judge

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".demo"
CLIPS = ROOT / "scenes" / "clips"
CLIP = "demo"
BIN = ROOT / "target" / "debug"
HEAD, PASSWORD = "head", people.PASSWORD
TEXTS = [json.loads((ROOT / "locales" / f"{lang}.json").read_text(encoding="utf-8")) for lang in ("zh-CN", "en")]
QUIET = {**os.environ, "RUST_LOG": "warn"}
LOG_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")


class DemoError(Exception):
    """The demo cannot go on: one line that says what, where and what would help."""


def say(key: str, **places: object) -> None:
    """A line of the demo in Chinese and English; a place that differs between them is a pair."""
    of = lambda n: {name: value[n] if isinstance(value, tuple) else value for name, value in places.items()}
    print("   ".join(texts[f"demo.{key}"].format(**of(n)) for n, texts in enumerate(TEXTS)), flush=True)


class Process:
    """A part of the product, its log kept in .demo."""

    def __init__(self, name: str, *arguments: str) -> None:
        self.name = name
        self.log = STATE / f"{name}.log"
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C reaches the demo alone, which then stops the parts in order.
            self.process = subprocess.Popen([*arguments], stdout=log, stderr=log, cwd=STATE, start_new_session=True)

    def require_alive(self) -> None:
        if self.process.poll() is not None:
            last = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
            raise DemoError(f"{self.name} ended (exit {self.process.returncode}), see {self.log}:\n  " + "\n  ".join(last))

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def times_of(self, words: str) -> list[float]:
        """When log lines with these words were written, in seconds since the epoch."""
        lines = (line for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines() if words in line)
        stamps = (match for match in map(LOG_TIME.search, lines) if match)
        return [datetime.fromisoformat(stamp.group().replace("Z", "+00:00")).timestamp() for stamp in stamps]


def wait_for(ready, what: str, seconds: float, *processes: Process) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        for process in processes:
            process.require_alive()
        if time.monotonic() > deadline:
            raise DemoError(f"{what} within {seconds:.0f} s did not happen, see {', '.join(str(p.log) for p in processes)}")
        time.sleep(0.1)


def configure(camera: str | None, clip: dict, port: int, broker_port: int) -> list[people.Hall]:
    """Writes the demo's files into an empty .demo."""
    shutil.rmtree(STATE, ignore_errors=True)
    STATE.mkdir(mode=0o700)
    if camera:
        say("proposing", camera=camera)
        command = [BIN / "edge-agent", "propose", "--source", camera, "--seconds", "15"]
        proposed = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=QUIET)
        if proposed.returncode != 0:
            raise DemoError(f"no window could be proposed for CAMERA={camera}; `edge-agent propose --source …` says why above")
        calibration, source = proposed.stdout, camera
        windows = re.findall(r'^id = "(.+)"$', calibration, re.M)
    else:
        calibration, source = files.calibration_toml(clip["windows"]), str(CLIPS / clip["media"])
        windows = [window["window"] for window in clip["windows"]]
    halls = [people.Hall(files.HALL, "演示中心", {files.AGENT: windows}, [], ["head"])] if camera else people.HALLS
    files.write(STATE, {
        "central.toml": files.central_toml(port, broker_port, halls),
        "agent.toml": files.agent_toml(source, broker_port),
        "calibration.toml": calibration,
        "policy.toml": files.policy_toml(clip["policy"]),
        "password.txt": PASSWORD + "\n",
    })
    # So that rules can be sent from the page.
    key = [BIN / "central", "config-key", "--out", "config-key.pem"]
    public = subprocess.run(key, cwd=STATE, check=True, stdout=subprocess.PIPE, text=True, env=QUIET).stdout
    files.write(STATE, {"config-key.pub": public})
    return halls


def tell_history(broker_port: int, parts: list[Process]) -> list[Process]:
    """A month gone by, told beside the clip's own agent, who says the same things live; the other agents stay."""
    telling = []
    agents = [(hall, agent, windows) for hall in people.HALLS for agent, windows in hall.agents.items()]
    for seed, (hall, agent, windows) in enumerate(agents, start=1):
        live = (hall.id, agent) == (files.HALL, files.AGENT)
        story = ["--hall", hall.id, "--agent", agent, "--windows", ",".join(windows), "--seed", str(seed)]
        story += [] if live else ["--stay"]
        story += ["--zone", hall.zone] if hall.zone and not live else []
        broker = f"mqtt://127.0.0.1:{broker_port}"
        telling.append(Process(f"history-{hall.id}-{agent}", BIN / "central", "history", "--broker", broker, *story))
        if not live:
            parts.append(telling[-1])
    return telling


def settle(port: int, telling: list[Process]) -> None:
    """What people did in that month; it may still be at work when the first alert comes."""
    try:
        wait_for(lambda: all("acked" in process.log.read_text(encoding="utf-8") for process in telling), "the month gone by", 120)
        people.add_accounts([str(BIN / "central")], STATE)
        people.settle(port, date.today())
        for name, role in [("head", "center_head"), ("li", "staff"), *people.OTHERS]:
            say("signin_role", role=tuple(texts[f"role.{role}"] for texts in TEXTS), name=name, password=PASSWORD)
    except (OSError, subprocess.SubprocessError, KeyError, DemoError) as error:
        print(f"demo: the month gone by is not complete: {error}", file=sys.stderr)


def show_new(central: Api, shown: set[str]) -> None:
    """One line for each event that was not shown yet."""
    for event in central.events(historical="false"):
        if event["id"] not in shown:
            shown.add(event["id"])
            at = datetime.fromisoformat(event["updated_at"].replace("Z", "+00:00")).astimezone()
            print(f"  {at:%H:%M:%S}  {event['window']}  {event['title']['zh-CN']}  {event['title']['en']}", flush=True)


def verdict(clip: dict, agent: Process, central: Api, end: float) -> Verdict:
    """What arrived at central against what the clip holds."""
    first = agent.times_of("pictures arrive")[0]
    loops = [first, *agent.times_of("the clip begins again")]
    must, may = expected(clip, [start - first for start in loops if start < end], end - first)
    since = lambda event: datetime.fromisoformat(event["opened_at"].replace("Z", "+00:00")).timestamp() - first
    return judge(must, may, [Raised(e["window"], e["rule"], since(e)) for e in central.events(historical="false")])


def run(camera: str | None, seconds: float | None, parts: list[Process]) -> int:
    rows = [json.loads(line) for line in (CLIPS / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    clip = next(row for row in rows if row["id"] == CLIP)
    port, broker_port = files.free_port(8080), files.free_port(1883)
    halls = configure(camera, clip, port, broker_port)

    account = ["account", "add", "--config", "central.toml", "--name", HEAD, "--role", "center_head", *(part for hall in halls for part in ("--hall", hall.id))]
    subprocess.run([BIN / "central", *account, "--password-file", "password.txt"], cwd=STATE, check=True, env=QUIET)
    server = Process("central", BIN / "central", "serve", "--config", "central.toml")
    parts.append(server)
    central = Api(port)

    def healthy() -> bool:
        try:
            return central.get("/healthz") is not None
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    wait_for(healthy, "central answers", 30, server)
    central.sign_in(HEAD, PASSWORD)
    telling = [] if camera else tell_history(broker_port, parts)
    agent = Process("edge-agent", BIN / "edge-agent", "run", "--config", "agent.toml")
    parts.append(agent)
    wait_for(lambda: agent.times_of("pictures arrive"), "the first frame", 60, agent, server)
    first = agent.times_of("pictures arrive")[0]

    print()
    say("address", url=central.url)
    say("signin", name=HEAD, password=PASSWORD)
    say("stop")
    print(flush=True)
    if not camera:
        threading.Thread(target=settle, args=(port, telling), daemon=True).start()
    shown: set[str] = set()
    while seconds is None or time.time() < first + seconds:
        for part in parts:
            part.require_alive()
        show_new(central, shown)
        time.sleep(0.5)

    end = time.time()
    agent.stop()
    if camera:
        return 0
    time.sleep(0.5)
    result = verdict(clip, agent, central, end)
    for key, events in (("missing", result.missing), ("unexpected", result.unexpected)):
        for event in events:
            say(key, window=event.window, rule=event.rule, opened=f"{event.opened:.1f}")
    say("verdict", matched=len(result.matched), missing=len(result.missing), unexpected=len(result.unexpected))
    return 0 if result.exact else 1


def end_on_signals() -> None:
    """The first Ctrl-C or SIGTERM ends the demo; later ones (make passes its own on) do not keep it from stopping its parts."""
    numbers = (signal.SIGINT, signal.SIGTERM)

    def end(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, end)


def main() -> int:
    given = os.environ.get("DEMO_SECONDS")
    try:
        seconds = float(given) if given else None
    except ValueError:
        print(f"DEMO_SECONDS={given}: expected a number of seconds such as 90", file=sys.stderr)
        return 2
    end_on_signals()
    parts: list[Process] = []
    try:
        return run(os.environ.get("CAMERA") or None, seconds, parts)
    except KeyboardInterrupt:
        print()
        say("ending")
        return 0
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    finally:
        for part in reversed(parts):  # the agent first, so that its last events still reach central
            part.stop()


if __name__ == "__main__":
    sys.exit(main())
