"""`python -m train STEP --data DIR…` (run in models/): trains the heads on the fetched base models. See train/README.md."""
import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
IN_ORDER = ["poses", "features", "window", "desk", "badge", "smoking", "int8", "card"]
STEPS = [*IN_ORDER, "all", "golden", "mean", "judge"]


def main():
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    parser.add_argument("step", choices=STEPS, help="one step, or all of them in order (those after it aside)")
    parser.add_argument("--data", nargs="+", type=Path, default=[], help="folders of labelled sets (manifest*.jsonl)")
    parser.add_argument("--test-data", nargs="*", type=Path, default=[], help="sets that are looked at but never trained on")
    parser.add_argument("--cache", type=Path, default=HERE / ".cache", help="where features, crops and checkpoints are kept")
    parser.add_argument("--weights", type=Path, default=HERE.parent / "weights", help="where the ONNX files go")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--length", type=float, default=1, help="so many times the usual training (default 1)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the training, to see that everything runs")
    parser.add_argument("--again", action="store_true", help="go on from the committed weights, 40 %% of the way (the sets have grown)")
    parser.add_argument("--seed", type=int, default=1, help="desk, badge, smoking: which crops are drawn in which order (another one for another round)")
    parser.add_argument("--of", nargs=2, type=Path, help="mean: two files of one head; the mean of their weights goes to --weights")
    parser.add_argument("--sprites", nargs="*", type=Path, default=[], help="desk: folders of sheets (python -m scenes sprites) to paste onto desks")
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(args.threads)
    if args.step == "golden":
        from . import golden
        return golden.main()
    if args.step == "mean":
        from . import onnx_weights
        if not args.of:
            parser.error("--of: two files of one head")
        return onnx_weights.mean(*args.of, args.weights / args.of[0].name)
    import torch
    from . import backgrounds, crop_data, crop_heads, data, desk, features, int8, sprites, window
    torch.set_num_threads(args.threads)
    if args.step == "card":
        from . import card
        return card.main(args.weights)
    if not args.data:
        parser.error("--data: at least one folder with labelled pictures")
    args.cache.mkdir(parents=True, exist_ok=True)
    windows = data.windows(args.data)
    tests = data.windows(args.test_data)
    print(f"{len(windows)} windows, {len(tests)} for tests alone", file=sys.stderr)
    poses = features.Poses(args.cache / "poses.jsonl")
    steps = IN_ORDER[:-1] if args.step == "all" else [args.step]
    part = .1 if args.quick else args.length
    if "poses" in steps:
        poses.fill(windows + tests)
    everything = [w for w in windows + tests if w.key in poses.known]
    empty = backgrounds.windows([w for w in windows if w.set == "real_badge"], args.cache / "empty.json")
    if "features" in steps:
        features.fill_windows([w for w in everything if w.set != "real_smoking"] + empty, args.cache / "window", 8)
        crop_data.fill(everything, poses, args.cache / "badge", "badge", (5, 16, 2))
        crop_data.fill(everything, poses, args.cache / "smoking", "smoking", (8, 14), real_times=4)
    if "window" in steps:
        window.run(everything + empty, args.cache, args.weights, part * (.4 if args.again else 1), again=args.again)
    if "judge" in steps:
        window.judge_committed(everything + empty, args.cache, args.weights)
    if "desk" in steps:
        found = sprites.Sprites(args.sprites) if args.sprites else None
        desk.run(windows, args.cache, args.weights, int(30000 * part * (.4 if args.again else 1)), args.again, found, args.seed)
    if "badge" in steps:
        crop_heads.run_badge(everything, args.cache, args.weights, int(40000 * part * (.4 if args.again else 1)), int(16000 * part), args.seed, again=args.again)
    if "smoking" in steps:
        crop_heads.run_smoking(everything, args.cache, args.weights, int(40000 * part * (.4 if args.again else 1)), args.seed, args.again)
    if "int8" in steps:
        int8.run(windows, args.weights)
    if args.step == "all":
        from . import card
        card.main(args.weights)


if __name__ == "__main__":
    main()
