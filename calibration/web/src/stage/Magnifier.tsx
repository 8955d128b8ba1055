import { useLayoutEffect, useRef } from "preact/hooks";
import { pointsOf } from "../editor/draft";
import type { Point } from "../editor/geometry";
import { draft, selected } from "../work";
import { dragged } from "./gestures";
import { picture } from "./live";
import { scale, size, toScreen } from "./view";

const SIZE = 128;
/** How much larger than on the stage. */
const LARGER = 2.2;

/** What the finger hides, in a corner of the stage away from the finger. */
export function Magnifier() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const held = dragged.value;
  const shown = picture.value;
  useLayoutEffect(() => {
    const target = canvas.current;
    if (target === null || held === null || shown === null) return;
    const { bitmap } = shown;
    const [w, h] = [SIZE / LARGER / scale.peek()[0], SIZE / LARGER / scale.peek()[1]];
    const context = target.getContext("2d")!;
    context.clearRect(0, 0, SIZE * 2, SIZE * 2);
    context.drawImage(bitmap, (held.at[0] - w / 2) * bitmap.width, (held.at[1] - h / 2) * bitmap.height, w * bitmap.width, h * bitmap.height, 0, 0, SIZE * 2, SIZE * 2);
  });
  if (held === null) return null;
  const near = ([x, y]: Point) => `${(SIZE / 2 + (x - held.at[0]) * scale.value[0] * LARGER).toFixed(1)},${(SIZE / 2 + (y - held.at[1]) * scale.value[1] * LARGER).toFixed(1)}`;
  const isLeft = toScreen(held.at)[0] > size.value.width / 2;
  return (
    <div class={`magnifier ${isLeft ? "left" : "right"} ${held.to ?? ""}`} aria-hidden="true">
      <canvas ref={canvas} width={SIZE * 2} height={SIZE * 2} />
      <svg width={SIZE} height={SIZE}>
        <polygon points={(pointsOf(draft.value, selected.value) ?? []).map(near).join(" ")} />
        <path d={`M${SIZE / 2 - 12} ${SIZE / 2}h24M${SIZE / 2} ${SIZE / 2 - 12}v24`} />
      </svg>
    </div>
  );
}
