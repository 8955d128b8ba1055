"""Clips: play a script, render its frames, encode them, and write the manifest line with truth and expected events."""

import json
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image

from . import behaviours, camera, events, people, spec, timeline, truth
from .stills import PROVENANCE

CRF = 26
"""x264 quality: 1 MB a minute at 768x432 and 5 frames a second, and a badge still reads as one."""

NOISE = 0.008
"""Camera noise of a clip (share of full scale): enough that no two frames are equal."""


def scene_of(script):
    """The clip's scene as plain data, all items of all times on the desks."""
    others = 1.0 if script.bystanders else 0.0
    scene = spec.random_scene(
        script.seed, script.size, len(script.windows), ("front_high",), ("idle",), bystanders=others
    )
    scene["style"].update(script.style)
    scene["camera"] = {"roll": 0.0, **script.camera}
    scene["bystanders"] = [o for o in scene["bystanders"] if spec.is_clear(o, scene["camera"])]
    for k, (window, played) in enumerate(zip(scene["windows"], script.windows)):
        window["person"] = people.override(window["person"], played.person)
        window["chair"] = {"y": 0.08, "yaw": 0.0, "coat": None}
        window["items"] = [_item(item.spec, 100 * k + n) for n, item in enumerate(played.items)]
    return scene


def _item(item, seed):
    return {"on": "desk", "yaw": 0.0, "seed": seed, **{key: item[key] for key in item if key not in ("from", "to")}}


class Player:
    """Sets a built scene to any time of the script."""

    def __init__(self, script, built):
        from .motion import canonical
        from .poses import make_pose

        self.script, self.built = script, built
        self.poses = []
        for person in built.people:
            seed = built.spec["windows"][person.window]["pose_seed"]
            poses = {}
            for _, name in [*script.windows[person.window].behaviours, (0, behaviours.ABSENT)]:
                pose = make_pose(
                    "leaving" if name == behaviours.ABSENT else name, person.body, np.random.RandomState(seed)
                )
                poses[name] = canonical(pose, person.body)
            self.poses.append(poses)

    def set_time(self, t):
        """Pose everybody and show what is there; returns each window's state, whose changes are truth boundaries."""
        from . import meshes

        for thing in self.built.things:
            meshes.show(thing.objects, int(thing.id.split(".")[1]) in timeline.shown(self.script.windows[thing.window], t))
        return [self._set_person(person, poses, t) for person, poses in zip(self.built.people, self.poses)]

    def _set_person(self, person, poses, t):
        from .motion import alive, blend, walk

        window = self.script.windows[person.window]
        now = timeline.moment(window.behaviours, t)
        pose = alive(blend(poses[now.before], poses[now.now], now.blend), t, 1.7 * person.window, now.now)
        exit_side = -1 if person.window < len(self.script.windows) / 2 else 1
        person.set_pose(pose, self.built.window_place(person.window) @ walk(now.away, exit_side, t))
        away = timeline.away_now(now)
        if now.away >= timeline.OUT_M:
            person.set_visible(False)
        elif not person.visible:
            person.set_visible(True)
        worn = timeline.wears_badge(window, t)
        person.set_badge(worn)
        doing = () if away else (person.label["posture"], person.label["smoking"], person.prop)
        return (away, doing, tuple(timeline.shown(window, t)), worn)


def frame_rows(states, seen, camera_kind):
    """Truth rows of one frame: who has left the seat is absent, though still in the picture."""
    rows = []
    for state, window in zip(states, seen):
        window = (
            {**window, "person": None, "items": [i for i in window["items"] if not i["in_hand"]]}
            if state[0]
            else window
        )
        rows.append((state, truth.window_truth(window, camera_kind)))
    return rows


def render_frames(script, folder, frames, say):
    """Render frames (numbers) of a script to FOLDER/NNNN.png with their truth in NNNN.json; what is there is kept."""
    from .render import Scene

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    built = Scene(scene_of(script), script.samples)
    player = Player(script, built)
    for n in frames:
        if (folder / f"{n:04d}.json").exists():
            continue
        states = player.set_time(n / script.fps)
        index = built.render(folder / f"{n:04d}.png")
        rows = frame_rows(states, built.measure(index), script.camera["kind"])
        (folder / f"{n:04d}.json").write_text(json.dumps(rows))
        say(f"{script.id}: frame {n} of {script.frames}")


def tidied(script):
    """The clip's scene with nobody in view and the desks tidy."""
    scene = scene_of(script) | {"bystanders": []}
    for window, played in zip(scene["windows"], script.windows):
        window["person"] = None
        window["items"] = [item for item, timed in zip(window["items"], played.items) if timed.tidy]
    return scene


def render_reference(script, path, effects):
    """The tidy reference picture of a script's view."""
    from .render import Scene

    clean = path.with_suffix(".png")
    Scene(tidied(script), script.samples).render(clean)
    camera.apply_effects(Image.open(clean), effects, np.random.RandomState(script.seed)).save(
        path, quality=effects["quality"]
    )
    clean.unlink()


def effects_of(script):
    """One camera's settings for the whole clip; by day, in colour."""
    effects = camera.random_effects(np.random.RandomState(script.seed))
    return {**effects, "infrared": False, "noise": NOISE, "quality": 88}


def drifted(effects, t):
    """The same camera as its exposure wanders: two slow waves of a few per cent."""
    gain = 1 + 0.04 * math.sin(t / 7) + 0.03 * math.sin(t / 23 + 1)
    return {**effects, "white_balance": [c * gain for c in effects["white_balance"]]}


def encode(script, folder, path, effects):
    """Frames to H.264 in MP4, each with its own camera noise. Raises RuntimeError with ffmpeg's words if that fails."""
    width, height = script.size
    command = [
        "ffmpeg",
        "-y",
        "-loglevel",
        "error",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-s",
        f"{width}x{height}",
        "-r",
        str(script.fps),
        "-i",
        "-",
        "-c:v",
        "libx264",
        "-preset",
        "slow",
        "-crf",
        str(CRF),
        "-g",
        str(round(5 * script.fps)),
        "-pix_fmt",
        "yuv420p",
        "-movflags",
        "+faststart",
        "-fflags",
        "+bitexact",
        "-flags:v",
        "+bitexact",
        str(path),
    ]
    if shutil.which("ffmpeg") is None:
        raise FileNotFoundError("ffmpeg is not installed")
    rng = np.random.RandomState(script.seed)
    ffmpeg = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    for n, source in enumerate(timeline.sources(script)):
        now = drifted(effects, n / script.fps) if script.pictures else effects
        frame = camera.apply_effects(Image.open(Path(folder) / f"{source:04d}.png"), now, rng)
        ffmpeg.stdin.write(np.asarray(frame).tobytes())
    _, words = ffmpeg.communicate()
    if ffmpeg.returncode:
        raise RuntimeError(f"ffmpeg: {words.decode()}")


def _hidden(rows, person):
    """The rules that a random clip does not judge at a window, because what they ask for is hidden from the camera."""
    wears_none = person and person["badge"]["kind"] == "none"
    yield from ["badge_missing"] if wears_none and events.begins_hidden(rows) else []
    yield from events.POSTURE_RULES if events.hides("posture", rows) else []
    yield from ["smoking"] if events.hides("smoking", rows) else []


def manifest_row(script, folder):
    """The clip's manifest line, from the truth of its frames."""
    scene = scene_of(script)
    windows = truth.geometry(camera.View.of(scene["camera"], script.size), scene["style"], len(script.windows))
    for window, played in zip(windows, script.windows):
        window["reference"] = f"img/{script.id}.ref.jpg"
        window.update({key: value for key in ("required", "permitted") if (value := getattr(played, key))})
    frames = [json.loads((Path(folder) / f"{n:04d}.json").read_text()) for n in timeline.sources(script)]
    rows, policy = [], script.policy
    for k, (window, described) in enumerate(zip(windows, scene["windows"])):
        mine = timeline.intervals(window["window"], [frame[k] for frame in frames], script.fps)
        for row in mine:
            if row.get("presence") == "present":
                row["subject"] = people.subject(described["person"])
        rows += mine
        if script.pictures:
            policy = {**policy, **{rule: {**policy.get(rule, {}), "enabled": False} for rule in _hidden(mine, described["person"])}}
    if script.pictures:
        policy = events.settled(rows, windows, policy)
    return {
        "id": script.id,
        "kind": "clip",
        "media": f"clip/{script.id}.mp4",
        "fps": script.fps,
        "windows": windows,
        "truth": rows,
        "events": events.derive(rows, windows, policy),
        "policy": policy,
        "camera": script.camera["kind"],
        **PROVENANCE,
    }


def finish(script, folder, out):
    """Write OUT/clip/ID.mp4, OUT/img/ID.ref.jpg and the clip's line of OUT/manifest.jsonl from rendered frames."""
    out = Path(out)
    row = manifest_row(script, folder)  # first: an ambiguous script must not leave files behind
    for part in ("clip", "img"):
        (out / part).mkdir(parents=True, exist_ok=True)
    effects = effects_of(script)
    encode(script, folder, out / "clip" / f"{script.id}.mp4", effects)
    render_reference(script, out / "img" / f"{script.id}.ref.jpg", effects)
    manifest = out / "manifest.jsonl"
    lines = manifest.read_text(encoding="utf-8").splitlines() if manifest.exists() else []
    lines = [line for line in lines if json.loads(line)["id"] != script.id]
    manifest.write_text("\n".join([*lines, json.dumps(row, ensure_ascii=False)]) + "\n", encoding="utf-8")
    return row
