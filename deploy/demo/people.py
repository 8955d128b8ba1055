"""What people have done in the demo's month gone by: accounts, rosters, decisions, appeals. All of it through central's
own commands and API. Who does what is worked out without I/O; `settle` does it."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from api import Api

PASSWORD = "chuangming-demo"  # the demo's only: made anew in .demo each time, on loopback alone
SHIFTS = {"am": ("上午班", ["08:30-12:00"]), "pm": ("下午班", ["13:30-17:30"])}


@dataclass(frozen=True)
class Hall:
    """A hall of the demo: its windows by agent, the people who work there, and whoever heads it."""

    id: str
    name: str
    agents: dict[str, list[str]]
    staff: list[str]
    heads: list[str]
    zone: str | None = None

    @property
    def windows(self) -> list[str]:
        return [window for windows in self.agents.values() for window in windows]


HALLS = [
    Hall(
        "tanggu", "塘沽便民服务中心（演示）", {"edge-01": ["1", "2"], "edge-02": ["3", "4", "5", "6"]},
        ["li", "wang", "zhao", "qian", "sun", "zhou", "wu", "zheng"], ["head", "deputy"], "lobby-east",
    ),
    Hall("hangu", "汉沽便民服务中心（演示）", {"edge-01": ["1", "2", "3"]}, ["feng", "chen", "chu", "wei"], ["head"]),
]
# Everybody else: name, role, halls (none is every hall).
OTHERS = [("installer", "installer"), ("auditor", "auditor"), ("admin", "administrator")]


def workdays(today: date, back: int, ahead: int) -> list[date]:
    days = (today + timedelta(n) for n in range(-back, ahead + 1))
    return [day for day in days if day.weekday() < 5]


def roster(hall: Hall, days: list[date]) -> Iterator[dict]:
    """Who is posted where: everybody in turn, mornings and afternoons at different windows."""
    for number, day in enumerate(days):
        for at, window in enumerate(hall.windows):
            for half, shift in enumerate(SHIFTS):
                who = hall.staff[(at + number + half * 3) % len(hall.staff)]
                yield {"day": day.isoformat(), "window": window, "shift": shift, "staff": who}


def decisions(events: list[dict], today: date) -> Iterator[tuple[str, str]]:
    """What heads decided of events (oldest first): most were so, one in eight was not; of the last two days half is still open."""
    for number, event in enumerate(events):
        fresh = date.fromisoformat(event["opened_at"][:10]) >= today - timedelta(2)
        if fresh and number % 2:
            continue
        yield event["id"], "wrong" if number % 8 == 5 else "confirmed"


def add_accounts(command: list[str], folder: Path) -> None:
    """Every account but the first head's, which is there before central starts."""
    heads = {name: [hall.id for hall in HALLS if name in hall.heads] for hall in HALLS for name in hall.heads}
    people = [(name, "center_head", halls) for name, halls in heads.items() if name != "head"]
    people += [(name, "staff", [hall.id]) for hall in HALLS for name in hall.staff]
    people += [(name, role, []) for name, role in OTHERS]
    for name, role, halls in people:
        where = [part for hall in halls for part in ("--hall", hall)] or ["--all-halls"]
        account = [*command, "account", "add", "--config", "central.toml", "--name", name, "--role", role, *where]
        subprocess.run([*account, "--password-file", "password.txt"], cwd=folder, check=True, capture_output=True)


def settle(port: int, today: date) -> None:
    """Posts people for the month and two weeks ahead, decides, contests and answers."""
    head = Api(port).sign_in("head", PASSWORD)
    for hall in HALLS:
        for shift, (name, hours) in SHIFTS.items():
            head.send("PUT", f"/api/v1/halls/{hall.id}/shifts/{shift}", {"name": name, "hours": hours, "breaks": []})
        ids = {person["name"]: person["id"] for person in head.json(f"/api/v1/halls/{hall.id}/duty")["staff"]}
        cells = [{**cell, "staff": [ids.get(cell["staff"], cell["staff"])]} for cell in roster(hall, workdays(today, 31, 14))]
        for start in range(0, len(cells), 200):
            head.send("PUT", f"/api/v1/halls/{hall.id}/roster", {"cells": cells[start : start + 200]})
        for event, verdict in decisions(head.events(hall=hall.id, historical="true"), today):
            head.send("PUT", f"/api/v1/events/{event}/verdict", {"verdict": verdict})
    contest(port)


def contest(port: int) -> None:
    """Three staff members contest an event each; the deputy, who confirmed none of them, answers two."""
    said = [("not_so", "当时在给群众取件。"), ("not_my_shift", ""), ("part_of_work", "在整理归档材料。")]
    for name, (choice, text) in zip(HALLS[0].staff, said, strict=False):
        own = Api(port).sign_in(name, PASSWORD)
        events = own.json("/api/v1/me/summary?grain=month")["events"]
        counting = [event for event in events if event["standing"] in ("counts", "unconfirmed")]
        if counting:
            own.send("POST", f"/api/v1/me/events/{counting[-1]['id']}/contest", {"choice": choice, "text": text})
    deputy = Api(port).sign_in("deputy", PASSWORD)
    appeals = deputy.json("/api/v1/appeals")["appeals"]
    for appeal, decision, reason in zip(appeals, ("granted", "refused"), ("调看排班，确实在取件。", "当时窗口前没有群众，也未报备。"), strict=False):
        deputy.send("POST", f"/api/v1/appeals/{appeal['id']}/answer", {"decision": decision, "reason": reason})
