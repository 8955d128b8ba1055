import { useEffect, useRef } from "preact/hooks";
import { t } from "@central/i18n";
import { type Shape, keyOf, withPoints } from "../editor/draft";
import { type Point, type Polygon, clamp, inserted, moved, removed, replaced } from "../editor/geometry";
import { nameOf } from "../parts/names";
import { change, corner, draft, endStep, select } from "../work";
import type { Handle } from "./gestures";

/** How far an arrow key moves a corner: tenths of a percent of the picture, finer with Alt, coarser with Shift. */
const STEP = { fine: 0.001, normal: 0.005, coarse: 0.025 };
const ARROWS: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

interface Props {
  shape: Shape;
  points: Polygon;
  handles: readonly (Handle & { at: Point })[];
}

/** The handles of the selected polygon. Fingers and mouse find them by nearness; for keys each corner takes the focus. */
export function Corners({ shape, points, handles }: Props) {
  const group = useRef<SVGGElement>(null);
  const at = corner.value;
  useEffect(() => {
    // The focus follows the corner that keys work on, if it is among the corners at all.
    if (at !== null && group.current?.contains(document.activeElement)) focusOn(group.current, at);
  }, [at, points.length]);

  const onKey = (event: KeyboardEvent, index: number) => {
    const arrow = ARROWS[event.key];
    if (arrow) {
      const by = event.altKey ? STEP.fine : event.shiftKey ? STEP.coarse : STEP.normal;
      const [x, y] = points[index]!;
      const isWhole = event.ctrlKey || event.metaKey;
      const next = isWhole ? moved(points, arrow[0] * by, arrow[1] * by) : replaced(points, index, [clamp(x + arrow[0] * by), clamp(y + arrow[1] * by)]);
      change(withPoints(draft.peek(), shape, next), `key/${keyOf(shape)}/${isWhole ? "all" : index}`);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      endStep();
      change(withPoints(draft.peek(), shape, removed(points, index)));
    } else if (event.key === "Enter" || event.key === "Insert" || event.key === "+") {
      endStep();
      change(withPoints(draft.peek(), shape, inserted(points, index)));
      corner.value = index + 1;
    } else return;
    event.preventDefault();
  };

  return (
    <g ref={group}>
      {handles.map(({ kind, index, at: [x, y] }) => {
        if (kind === "new") return <g key={`new/${index}`} class="handle new" transform={`translate(${x},${y})`} aria-hidden="true"><circle r="8" /><path d="M-4 0h8M0-4v8" /></g>;
        if (kind === "move") return <g key="move" class="handle move" transform={`translate(${x},${y})`} aria-hidden="true"><circle r="15" /><path d="M0-9v18M-9 0h18M-3-6 0-9l3 3M-3 6 0 9l3-3M-6-3-9 0l3 3M6-3 9 0l-3 3" /></g>;
        const [px, py] = points[index]!;
        const where = { shape: nameOf(shape), n: index + 1, of: points.length, x: (px * 100).toFixed(1), y: (py * 100).toFixed(1) };
        return (
          <g
            key={index} data-corner={index} class={`handle corner ${at === index ? "current" : ""}`} transform={`translate(${x},${y})`}
            tabIndex={0} role="button" aria-label={t("calibrate.corner", where)} aria-describedby="corner-keys" aria-pressed={at === index}
            onFocus={() => select(shape, index)} onBlur={endStep} onKeyDown={(event) => onKey(event, index)}
          >
            <circle class="hit" r="22" />
            <circle class="dot" r="8" />
          </g>
        );
      })}
    </g>
  );
}

function focusOn(group: SVGGElement, index: number): void {
  group.querySelector<SVGGElement>(`[data-corner="${index}"]`)?.focus({ preventScroll: true });
}
