"""Central is sent whatever its own description (`/api/v1/openapi.json`) allows, and what it forbids, as every role: it may
refuse, in the words of the description, but never break. Bounded in time: `FUZZ_SECONDS` for all roles together."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROLES

SECONDS = int(os.environ.get("FUZZ_SECONDS", "50"))
# An endless stream; and what would end the session that the test sends with.
LEFT_OUT = ["/api/v1/alerts/stream", "/api/v1/session", "/api/v1/account/password", "/api/v1/account/sessions"]


@pytest.mark.parametrize("role", ROLES)
def test_nothing_breaks_it(central, role, tmp_path):
    who = central.sign_in(role)
    command = [Path(sys.executable).parent / "st", "run", f"{central.url}/api/v1/openapi.json", "--no-color", "--no-shrink"]
    command += ["--checks", "not_a_server_error,content_type_conformance,response_schema_conformance"]
    # One worker: the caches of hypothesis are not safe between threads (a KeyError in its own lambda_sources now and then).
    command += ["--max-time", str(max(1, SECONDS // len(ROLES))), "--workers", "1", "--phases", "examples,coverage,fuzzing"]
    command += ["-H", f"Cookie: {who.cookie}", "-H", f"X-CSRF-Token: {who.csrf}", "--suppress-health-check", "all"]
    command += [part for path in LEFT_OUT for part in ("--exclude-path", path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS + 120)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "No operations" not in done.stdout, done.stdout
    assert central.process.poll() is None, "central has died"
