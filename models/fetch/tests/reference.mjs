// Runs a graph model in TensorFlow.js itself, the independent reference of the converter.
// node reference.mjs GRAPH.json INPUT.bin SHAPE DTYPE OUT NODE... writes OUT/<n>.bin (float32) and prints the shapes.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";

const [graph, input, shape, dtype, out, ...nodes] = process.argv.slice(2);
const bytes = (path) => new Uint8Array(readFileSync(path)).buffer;
const model = JSON.parse(readFileSync(graph, "utf-8"));
const shards = model.weightsManifest.flatMap((group) => group.paths).map((path) => readFileSync(join(dirname(graph), path)));
await tf.setBackend("cpu");
const loaded = await tf.loadGraphModel({
  load: async () => ({
    modelTopology: model.modelTopology,
    signature: model.signature,
    format: model.format,
    weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
    weightData: new Uint8Array(Buffer.concat(shards)).buffer,
  }),
});
const data = dtype === "int32" ? new Int32Array(bytes(input)) : new Float32Array(bytes(input));
const results = loaded.execute({ [loaded.inputs[0].name]: tf.tensor(data, JSON.parse(shape), dtype) }, nodes);
const shapes = [].concat(results).map((tensor, index) => {
  writeFileSync(join(out, `${index}.bin`), Buffer.from(Float32Array.from(tensor.dataSync()).buffer));
  return tensor.shape;
});
console.log(JSON.stringify(shapes));
