"""Central's API as somebody who is signed in."""

import http.cookiejar
import json
import urllib.error
import urllib.request


class Api:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.csrf = ""
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, path: str) -> bytes:
        with self.opener.open(self.url + path, timeout=10) as response:
            return response.read()

    def json(self, path: str) -> dict:
        return json.loads(self.get(path))

    def send(self, method: str, path: str, body: dict | None = None) -> dict | None:
        """An unsafe request; `None` where central refuses it."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "x-csrf-token": self.csrf}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with self.opener.open(request, timeout=20) as response:
                return json.loads(response.read() or b"{}")
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return None

    def sign_in(self, name: str, password: str) -> "Api":
        session = self.send("POST", "/api/v1/session", {"name": name, "password": password})
        if session is None:
            raise PermissionError(f"{name} could not sign in")
        self.csrf = session["csrf"]
        return self

    def events(self, **filters: str) -> list[dict]:
        """Every event that fits, oldest first."""
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        found, page = [], 1
        while True:
            answer = self.json(f"/api/v1/events?{query}&per_page=200&page={page}")
            found += answer["events"]
            if len(found) >= answer["total"] or not answer["events"]:
                return found[::-1]
            page += 1
