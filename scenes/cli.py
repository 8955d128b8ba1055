"""Command line: stills, clips and references."""

import argparse
import sys
from pathlib import Path

from . import behaviours, camera
from .classes import ITEM_CLASSES


def main(argv=None):
    args = _parser().parse_args(argv)
    try:
        return args.run(args) or 0
    except (ValueError, KeyError, FileNotFoundError) as problem:
        print(f"scenes: {problem}", file=sys.stderr)
        return 2


def _parser():
    parser = argparse.ArgumentParser(prog="python -m scenes", description="Synthetic service-window pictures and clips with exact truth.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    stills = commands.add_parser("stills", help="render labelled stills, one per seed")
    stills.add_argument("--start", type=int, required=True, help="first seed; a still is a function of its seed and these options")
    stills.add_argument("--n", type=int, required=True, help="number of stills")
    stills.add_argument("--out", required=True, help="folder for img/ and manifest.START.jsonl")
    stills.add_argument("--size", type=_size, default=(640, 360), help="picture size, WIDTHxHEIGHT (default 640x360)")
    stills.add_argument("--samples", type=int, default=6, help="samples per pixel (default 6)")
    stills.add_argument("--reference", type=float, default=0.25, help="share of scenes that also get a tidy reference picture (default 0.25)")
    stills.add_argument("--windows", type=_numbers, default=[1, 1, 1, 2, 2, 3], help="windows per scene, drawn from this list (default 1,1,1,2,2,3)")
    stills.add_argument("--cameras", type=_among(camera.KINDS), default=camera.KINDS, help="kinds of camera to draw from: " + ",".join(camera.KINDS))
    stills.add_argument("--behaviours", type=_among((*behaviours.BEHAVIOURS, behaviours.ABSENT)), default=(), help="deal these in turn instead of drawing from all")
    stills.add_argument("--emphasise", type=_among(ITEM_CLASSES), default=(), help="item classes of which every desk gets one or two")
    stills.set_defaults(run=_stills)

    return parser


def _stills(args):
    from .stills import render_set

    settings = {
        "size": args.size, "samples": args.samples, "reference_share": args.reference, "windows": args.windows,
        "cameras": args.cameras, "behaviours": args.behaviours, "emphasise": args.emphasise,
    }
    render_set(args.start, args.n, Path(args.out), settings, lambda line: print(line, flush=True))


def _size(text):
    width, height = (int(x) for x in text.split("x"))
    return width, height


def _numbers(text):
    return [int(x) for x in text.split(",")]


def _among(known):
    """A parser of comma-separated names out of `known`."""

    def parse(text):
        names = tuple(text.split(","))
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return names

    return parse
