"""Records the reference outputs (fixtures/*.npz) with TensorFlow.js. Needed again only when a model is added.

    npm install --prefix FOLDER @tensorflow/tfjs@4.22.0
    python tests/record.py FOLDER
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from inputs import FIXTURES, pictures, sample, tensor  # noqa: E402
from sources import Model, load  # noqa: E402


def record(model: Model, picture: np.ndarray, tfjs: Path) -> dict[str, np.ndarray]:
    graph = onnx.load(model.onnx).graph
    shape = [d.dim_value for d in graph.input[0].type.tensor_type.shape.dim]
    shapes = {o.name: [d.dim_value for d in o.type.tensor_type.shape.dim] for o in graph.output}
    integers = graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.INT32
    nodes = {title: node for node, title in model.names.items() if title in model.outputs} | model.expose
    script = shutil.copy(Path(__file__).with_name("reference.mjs"), tfjs)
    with tempfile.TemporaryDirectory() as folder:
        tensor(picture, shape, integers).tofile(f"{folder}/input.bin")
        command = ["node", script, model.graph, f"{folder}/input.bin", json.dumps(shape), "int32" if integers else "float32", folder]
        done = subprocess.run([*command, *nodes.values()], check=True, capture_output=True, text=True)
        found = {}
        for index, (title, given) in enumerate(zip(nodes, json.loads(done.stdout.splitlines()[-1]), strict=True)):
            values = np.fromfile(f"{folder}/{index}.bin", np.float32).reshape(given)
            if given != shapes[title]:  # the reference keeps maps as NHWC
                values = values.transpose(0, 3, 1, 2)
            found[title] = sample(values)
    return found


def main() -> None:
    for model in load().models:
        recorded = {}
        for name, picture in pictures().items():
            for title, values in record(model, picture, Path(sys.argv[1])).items():
                recorded[f"{name}/{title}"] = values
        np.savez_compressed(FIXTURES / f"{model.name}.npz", **recorded)
        print(f"{model.name}: {len(recorded)} tensors")


if __name__ == "__main__":
    main()
