"""Command line: fetch the body data, render stills, clips and reference pictures."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from . import behaviours, camera, timeline
from .classes import ITEM_CLASSES
from .events import Ambiguous
from .spec import BEHIND


def main(argv=None):
    """Exit code: 0 done, 2 bad input, 1 a tool failed."""
    args = _parser().parse_args(argv)
    try:
        args.run(args)
    except (timeline.ScriptError, Ambiguous, KeyError, FileNotFoundError) as problem:
        print(f"scenes: {problem}", file=sys.stderr)
        return 2
    except (RuntimeError, subprocess.CalledProcessError) as problem:
        print(f"scenes: {problem}", file=sys.stderr)
        return 1
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m scenes",
        description="Synthetic service-window pictures and clips with exact truth, functions of seeds and scripts.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    fetch = commands.add_parser("fetch", help="download the CC0 body data (48 MB, once)")
    fetch.set_defaults(run=_fetch)

    drawing = argparse.ArgumentParser(add_help=False)
    drawing.add_argument("--out", required=True, help="folder for img/ and the manifest")
    drawing.add_argument("--size", type=_size, default=(640, 360), help="picture size, WIDTHxHEIGHT (default 640x360)")
    drawing.add_argument("--samples", type=int, default=6, help="samples per pixel (default 6)")
    drawing.add_argument(
        "--windows",
        type=_numbers,
        default=[1, 1, 1, 2, 2, 3],
        help="windows per scene, drawn from this list (default 1,1,1,2,2,3)",
    )
    drawing.add_argument(
        "--cameras",
        type=_among(camera.KINDS),
        default=camera.KINDS,
        help="kinds to draw from (default all): " + ",".join(camera.KINDS),
    )
    drawing.add_argument(
        "--behaviours",
        type=_among((*behaviours.BEHAVIOURS, behaviours.ABSENT)),
        default=(),
        help="deal these in turn instead of drawing from all",
    )
    drawing.add_argument(
        "--emphasise", type=_among(ITEM_CLASSES), default=(), help="item classes of which every desk gets one or two"
    )

    stills = commands.add_parser("stills", parents=[drawing], help="labelled stills, one per seed")
    stills.add_argument("--start", type=int, required=True, help="first seed")
    stills.add_argument("--n", type=int, required=True, help="number of stills")
    stills.add_argument(
        "--reference",
        type=float,
        default=0.25,
        help="share of stills that also get a tidy reference picture (default 0.25)",
    )
    for name, text in (
        ("zoom", "scenes zoomed until the focus fills the picture"),
        ("crowded", "desks with as much on them as there is room for"),
        ("bystanders", "windows with somebody in front of the counter or passing behind"),
    ):
        stills.add_argument(f"--{name}", type=float, default=0.0, help=f"share of {text} (default 0)")
    stills.add_argument(
        "--behind", type=float, default=BEHIND, help=f"share of bystanders who stand behind the post (default {BEHIND})"
    )
    stills.add_argument("--focus", choices=("window", "seat"), default="window", help="what a zoomed camera looks at")
    stills.set_defaults(run=_stills)

    desks = commands.add_parser("desks", help="labelled desks without conduct: many views of every hall, cheap")
    desks.add_argument("--start", type=int, required=True, help="first seed")
    desks.add_argument("--n", type=int, required=True, help="number of halls")
    desks.add_argument("--views", type=int, default=6, help="pictures of each hall (default 6)")
    desks.add_argument("--out", required=True, help="folder for img/ and the manifest")
    desks.add_argument("--samples", type=int, default=5, help="samples per pixel (default 5)")
    desks.add_argument("--windows", type=_numbers, default=[1, 1, 2], help="windows per hall (default 1,1,2)")
    desks.set_defaults(run=_desks)

    closeups = commands.add_parser("closeups", help="labelled close views: every person doing many things, cheap")
    closeups.add_argument("--start", type=int, required=True, help="first seed")
    closeups.add_argument("--n", type=int, required=True, help="number of people")
    closeups.add_argument("--views", type=int, default=10, help="pictures of each person (default 10)")
    closeups.add_argument("--out", required=True, help="folder for img/ and the manifest")
    closeups.add_argument("--samples", type=int, default=5, help="samples per pixel (default 5)")
    closeups.add_argument(
        "--behaviours",
        type=_among(behaviours.BEHAVIOURS),
        default=(),
        help="draw from these alone (default: half smoking, most others what looks like it)",
    )
    closeups.add_argument(
        "--without-badge", type=float, default=0.0, help="share of people whose badge, if any, is left away (default 0)"
    )
    closeups.set_defaults(run=_closeups)

    sprites = commands.add_parser("sprites", help="sheets of single items with alpha, to be pasted onto desks")
    sprites.add_argument("--start", type=int, required=True, help="first seed")
    sprites.add_argument("--n", type=int, required=True, help="number of sheets")
    sprites.add_argument("--out", required=True, help="folder for the sheets and their manifest")
    sprites.add_argument("--samples", type=int, default=5, help="samples per pixel (default 5)")
    sprites.set_defaults(run=_sprites)

    clip = commands.add_parser("clip", help="a clip of a script, with its reference picture and manifest line")
    clip.add_argument("--script", required=True, help="TOML or JSON file, see scenes/scripts/demo.toml")
    clip.add_argument("--out", required=True, help="folder for clip/, img/ and manifest.jsonl")
    clip.add_argument(
        "--work", help="folder for single frames, kept; finished ones are not rendered again (default OUT/.frames-ID)"
    )
    clip.add_argument(
        "--frames",
        type=_range,
        help="render only frames FROM-TO (TO excluded), for several processes; a run without it finishes the clip",
    )
    clip.set_defaults(run=_clip)

    random = commands.add_parser("random-clips", help="clips of random scripts, one per seed, at one window each")
    random.add_argument("--start", type=int, required=True, help="first seed")
    random.add_argument("--n", type=int, required=True, help="number of clips")
    random.add_argument("--seconds", type=int, default=120, help="length of each clip (default 120)")
    random.add_argument("--out", required=True, help="folder for clip/, img/, script/ and manifest.jsonl")
    random.set_defaults(run=_random_clips)

    frames = commands.add_parser("frames", help="single frames of a set's clips as labelled stills")
    frames.add_argument("--of", required=True, help="folder of the clips' set")
    frames.add_argument("--every", type=float, default=1.0, help="seconds between two frames (default 1)")
    frames.add_argument("--out", required=True, help="folder for img/ and the manifest")
    frames.set_defaults(run=_frames)

    reference = commands.add_parser("reference", help="the tidy reference picture of a script's view")
    reference.add_argument("--script", required=True)
    reference.add_argument("--out", required=True, help="JPEG file")
    reference.set_defaults(run=_reference)
    return parser


def _say(line):
    print(line, flush=True)


def _fetch(args):
    from .fetch import fetch

    _say(f"body data in {fetch()}")


def _stills(args):
    from .stills import render_set

    settings = {
        "size": args.size,
        "samples": args.samples,
        "reference_share": args.reference,
        "windows": args.windows,
        "cameras": args.cameras,
        "behaviours": args.behaviours,
        "emphasise": args.emphasise,
        "zoom": args.zoom,
        "focus": args.focus,
        "crowded": args.crowded,
        "bystanders": args.bystanders,
        "behind": args.behind,
    }
    render_set(args.start, args.n, Path(args.out), settings, _say)


def _desks(args):
    from .desks import render_set

    settings = {"samples": args.samples, "windows": args.windows, "views": args.views}
    render_set(args.start, args.n, Path(args.out), settings, _say)


def _closeups(args):
    from .closeups import render_set

    settings = {
        "samples": args.samples,
        "views": args.views,
        "behaviours": args.behaviours,
        "without_badge": args.without_badge,
    }
    render_set(args.start, args.n, Path(args.out), settings, _say)


def _sprites(args):
    from .sprites import render_set

    render_set(args.start, args.n, Path(args.out), args.samples, _say)


def _clip(args):
    from . import clip

    script = timeline.load(args.script, behaviours.BEHAVIOURS)
    work = Path(args.work or Path(args.out) / f".frames-{script.id}")
    clip.render_frames(script, work, args.frames or sorted(set(timeline.sources(script))), _say)
    if args.frames is None:
        row = clip.finish(script, work, args.out)
        for event in row["events"]:
            _say(f"{script.id}: window {event['window']} {event['rule']} {event['opened']} to {event['closed']}")


def _random_clips(args):
    from . import clip
    from .random_script import random_script

    out = Path(args.out)
    (out / "script").mkdir(parents=True, exist_ok=True)
    for seed in range(args.start, args.start + args.n):
        raw = random_script(seed, args.seconds)
        if (out / "clip" / f"{raw['id']}.mp4").exists():
            continue
        (out / "script" / f"{raw['id']}.json").write_text(json.dumps(raw, indent=1))
        script = timeline.parse(raw, behaviours.BEHAVIOURS)
        frames = out / f".frames-{script.id}"
        clip.render_frames(script, frames, sorted(set(timeline.sources(script))), lambda line: None)
        try:
            row = clip.finish(script, frames, out)
        except Ambiguous as problem:
            _say(f"{script.id}: left out, {problem}")
            continue
        _say(f"{script.id}: {row['camera']}, {len(set(timeline.sources(script)))} pictures, {len(row['events'])} events")


def _frames(args):
    from .frames import frame_set

    frame_set(args.of, args.out, args.every, _say)


def _reference(args):
    from . import clip

    script = timeline.load(args.script, behaviours.BEHAVIOURS)
    clip.render_reference(script, Path(args.out), clip.effects_of(script))


def _size(text):
    width, height = (int(x) for x in text.split("x"))
    return width, height


def _numbers(text):
    return [int(x) for x in text.split(",")]


def _range(text):
    first, last = (int(x) for x in text.split("-"))
    return range(first, last)


def _among(known):
    """A parser of comma-separated names out of `known`."""

    def parse(text):
        names = tuple(text.split(","))
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return names

    return parse
