/**
 * Fingers, mouse and wheel on the stage. d3-drag moves handles and d3-zoom the picture: a touch that begins near a handle
 * of the selected polygon drags it, every other one pans or pinches.
 */

import { signal } from "@preact/signals";
import { type D3DragEvent, drag } from "d3-drag";
import { pointer, select as element } from "d3-selection";
import { type D3ZoomEvent, type ZoomBehavior, zoom as zooming, zoomIdentity } from "d3-zoom";
import { type Shape, keyOf, pointsOf, shapesOf, withPoints } from "../editor/draft";
import { type Point, type Polygon, area, box, contains, inserted, middle, moved, replaced } from "../editor/geometry";
import { type Segment, attraction, snap } from "../editor/snap";
import { cameraId } from "../place";
import { change, corner, draft, endStep, select, selected } from "../work";
import { MARGIN, MOST_ZOOM, type Zoom, base, scale, size, toPicture, toScreen, zoom } from "./view";

/** Half a touch target of 44 pixels. */
const REACH = 22;
/** Sides shorter than this on the screen get no handle for a new corner. */
const ROOM_FOR_NEW = 76;
const SNAP_REACH = 11;

export const snapping = signal(true);
export const lines = signal<readonly Segment[]>([]);
/** What is being dragged now: where it is in the picture, and what it holds on to. */
export const dragged = signal<{ at: Point; to: string | null } | null>(null);
/** A rectangle that is being drawn for somebody else (an item to teach); null where none is asked for. */
export const drawn = signal<{ from: Point; to: Point } | null>(null);
export const drawing = signal(false);

export type Handle = { kind: "corner" | "new" | "move"; index: number };
interface Held extends Handle {
  x: number;
  y: number;
  /** The polygon as it was when it was taken. */
  points: Polygon;
  shape: Shape;
}

/** The handles of a polygon with their places on the screen. */
export function handles(points: Polygon): (Handle & { at: Point })[] {
  const corners = points.map((point, index) => ({ kind: "corner" as const, index, at: toScreen(point) }));
  const sides = corners.flatMap(({ at: a, index }) => {
    const b = corners[(index + 1) % corners.length]!.at;
    if (Math.hypot(a[0] - b[0], a[1] - b[1]) < ROOM_FOR_NEW) return [];
    return [{ kind: "new" as const, index, at: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] as Point }];
  });
  return [...corners, ...sides, { kind: "move" as const, index: 0, at: toScreen(middle(points)) }];
}

function nearest(x: number, y: number): Held | null {
  const shape = selected.peek();
  const points = pointsOf(draft.peek(), shape);
  if (shape === null || points === null) return null;
  const found = handles(points)
    .map((handle) => ({ ...handle, far: Math.hypot(handle.at[0] - x, handle.at[1] - y) }))
    .filter(({ far }) => far <= REACH)
    .sort((a, b) => a.far - b.far || (a.kind === "corner" ? -1 : 1))[0];
  return found ? { kind: found.kind, index: found.index, x: found.at[0], y: found.at[1], points, shape } : null;
}

/** The corner's place once it holds on to what is near, if it is to. */
function held(shape: Shape, point: Point): { point: Point; to: string | null } {
  if (!snapping.peek()) return { point, to: null };
  const others = shapesOf(draft.peek(), cameraId.peek() ?? "").filter((other) => keyOf(other.shape) !== keyOf(shape));
  return snap(point, attraction(others.map(({ points }) => points), lines.peek()), scale.peek(), SNAP_REACH);
}

function dragTo(taken: Held, x: number, y: number): void {
  const point = toPicture([x, y]);
  if (taken.kind === "move") {
    const from = toPicture([taken.x, taken.y]);
    change(withPoints(draft.peek(), taken.shape, moved(taken.points, point[0] - from[0], point[1] - from[1])), `move/${keyOf(taken.shape)}`);
    dragged.value = null;
    return;
  }
  const to = held(taken.shape, point);
  const points = taken.kind === "new" ? inserted(taken.points, taken.index, to.point) : replaced(taken.points, taken.index, to.point);
  const index = taken.kind === "new" ? taken.index + 1 : taken.index;
  change(withPoints(draft.peek(), taken.shape, points), `${taken.kind}/${keyOf(taken.shape)}/${index}`);
  corner.value = index;
  dragged.value = { at: points[index]!, to: to.to };
}

const dragging = drag<SVGSVGElement, unknown, Held | { x: number; y: number } | undefined>()
  .container((_event) => stageElement!)
  .subject((event: D3DragEvent<SVGSVGElement, unknown, unknown>) => (drawing.peek() ? { x: event.x, y: event.y } : (nearest(event.x, event.y) ?? undefined)))
  .on("start", ({ subject, x, y }) => {
    endStep();
    if (!("kind" in subject)) drawn.value = { from: toPicture([x, y]), to: toPicture([x, y]) };
    else if (subject.kind === "corner") {
      select(subject.shape, subject.index);
      dragged.value = { at: toPicture([x, y]), to: null };
    }
  })
  .on("drag", ({ subject, x, y }) => {
    if (!("kind" in subject)) drawn.value = { from: drawn.peek()?.from ?? toPicture([x, y]), to: toPicture([x, y]) };
    else dragTo(subject, x, y);
  })
  .on("end", ({ subject, x, y }) => {
    // A tap on the handle of a side is enough for a new corner.
    if ("kind" in subject && subject.kind === "new" && subject.points === pointsOf(draft.peek(), subject.shape)) dragTo(subject, x, y);
    dragged.value = null;
    endStep();
  });

let behaviour: ZoomBehavior<SVGSVGElement, unknown> | null = null;
let stageElement: SVGSVGElement | null = null;

/** Binds the gestures to the stage; returns what unbinds them. */
export function bind(svg: SVGSVGElement): () => void {
  stageElement = svg;
  const { left, top, width, height } = base.peek();
  behaviour = zooming<SVGSVGElement, unknown>()
    .scaleExtent([1, MOST_ZOOM])
    .extent([[0, 0], [size.peek().width, size.peek().height]])
    .translateExtent([[left - MARGIN, top - MARGIN], [left + width + MARGIN, top + height + MARGIN]])
    .on("zoom", ({ transform }: D3ZoomEvent<SVGSVGElement, unknown>) => (zoom.value = { k: transform.k, x: transform.x, y: transform.y }));
  // The order matters: a drag that finds a handle keeps the gesture from the zoom.
  element<SVGSVGElement, unknown>(svg).call(dragging as never).call(behaviour).on("dblclick.zoom", null).on("click.select", tap);
  return () => {
    element(svg).on(".drag", null).on(".zoom", null).on(".select", null);
    stageElement = null;
  };
}

/** Selects what lies under a tap; tapping again goes through what lies under it. */
function tap(event: MouseEvent): void {
  if (drawing.peek()) return;
  const screen = pointer(event, stageElement);
  const at = toPicture(screen);
  if (nearest(screen[0], screen[1]) !== null) return;
  const under = shapesOf(draft.peek(), cameraId.peek() ?? "")
    .filter(({ points }) => contains(points, at))
    .sort((a, b) => area(box(a.points)) - area(box(b.points)));
  const now = under.findIndex(({ shape }) => keyOf(shape) === keyOf(selected.peek()));
  select(under[now + 1]?.shape ?? under[0]?.shape ?? null);
}

export function zoomBy(factor: number): void {
  if (stageElement && behaviour) element<SVGSVGElement, unknown>(stageElement).call(behaviour.scaleBy, factor);
}

export function zoomTo({ k, x, y }: Zoom): void {
  if (stageElement && behaviour) element<SVGSVGElement, unknown>(stageElement).call(behaviour.transform, zoomIdentity.translate(x, y).scale(k));
}
