import type { Shape } from "../editor/draft";
import { type Polygon, box } from "../editor/geometry";
import { saidOf } from "../work";
import { nameOf } from "../parts/names";
import { toScreen } from "./view";

interface Props {
  shape: Shape;
  points: Polygon;
  selected: boolean;
}

/** One polygon with its name; its look says what it is, and whether something is wrong with it. */
export function Outline({ shape, points, selected }: Props) {
  const said = saidOf(shape);
  const state = said.some((one) => one.serious) ? "wrong" : said.length > 0 ? "doubtful" : "";
  const kind = shape.kind === "window" ? shape.part : shape.kind;
  const d = points.map((point) => toScreen(point).map((n) => n.toFixed(1)).join(",")).join(" ");
  const { left, top } = box(points);
  const [x, y] = toScreen([left, top]);
  const isLabelled = shape.kind !== "window" || shape.part === "seat" || selected;
  return (
    <g class={`outline ${kind} ${state} ${selected ? "selected" : ""}`} aria-hidden="true">
      <polygon class="halo" points={d} />
      <polygon class="line" points={d} />
      {isLabelled && <text x={x + 6} y={y + 17}>{shape.kind === "window" && shape.part === "seat" ? shape.id : nameOf(shape)}</text>}
    </g>
  );
}
