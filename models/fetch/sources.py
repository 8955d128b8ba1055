"""Reads sources.toml and says where things lie."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENDOR = HERE.parent / "vendor"
GRAPHS = VENDOR / "source"


class FetchError(Exception):
    """One line for the operator: what, where, what would be right."""


@dataclass(frozen=True)
class Npm:
    package: str
    version: str
    integrity: str


@dataclass(frozen=True)
class Wheel:
    platform: str
    sha256: str


@dataclass(frozen=True)
class Runtime:
    """A shared library of ONNX Runtime inside a wheel; `files` are patterns of what to keep of it."""

    package: str
    version: str
    python: str
    folder: str
    files: list[str]
    wheels: dict[str, Wheel]


@dataclass(frozen=True)
class Model:
    """A model to convert. `sha256` is that of the ONNX file, so that the converter cannot change unnoticed."""

    name: str
    sha256: str
    names: dict[str, str]
    outputs: list[str]
    expose: dict[str, str]

    @property
    def graph(self) -> Path:
        return GRAPHS / f"{self.name}.json"

    @property
    def onnx(self) -> Path:
        return VENDOR / f"{self.name}.onnx"


@dataclass(frozen=True)
class Sources:
    npm: Npm
    runtimes: dict[str, Runtime]
    models: list[Model]


def load(path: Path = HERE / "sources.toml") -> Sources:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    runtimes = {}
    for name, entry in content["runtimes"].items():
        wheels = {machine: Wheel(**wheel) for machine, wheel in entry.pop("wheels").items()}
        runtimes[name] = Runtime(**entry, wheels=wheels)
    models = [Model(**{"expose": {}, **entry}) for entry in content["models"]]
    return Sources(Npm(**content["npm"]), runtimes, models)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
