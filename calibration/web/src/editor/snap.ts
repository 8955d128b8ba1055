/** Where a dragged corner wants to go: onto neighbouring corners, straight edges in the picture, other polygons' sides, the border. Pure. */

import { type Point, type Polygon, nearestOn } from "./geometry";

export type Segment = readonly [x1: number, y1: number, x2: number, y2: number];

export interface Attraction {
  /** Corners of other polygons. */
  corners: readonly Point[];
  /** Straight edges seen in the picture, and sides of other polygons. */
  segments: readonly Segment[];
}

export interface Snapped {
  point: Point;
  /** What it holds on to; null where it is free. */
  to: "corner" | "edge" | "border" | null;
}

/** Everything that a corner of one polygon may hold on to. */
export function attraction(others: readonly Polygon[], lines: readonly Segment[]): Attraction {
  const sides = others.flatMap((points) =>
    points.map((a, i): Segment => {
      const b = points[(i + 1) % points.length]!;
      return [a[0], a[1], b[0], b[1]];
    }),
  );
  return { corners: others.flat(), segments: [...lines, ...sides] };
}

/**
 * The point to use for `point`. Distances are measured in pixels of the screen, `scale` pixels to the picture's width and
 * height; only what is within `reach` pixels attracts. A corner beats an edge, an edge the border.
 */
export function snap(point: Point, to: Attraction, scale: Point, reach: number): Snapped {
  const distance = (other: Point) => Math.hypot((other[0] - point[0]) * scale[0], (other[1] - point[1]) * scale[1]);
  const nearest = (candidates: readonly Point[]): Point | null => {
    const best = candidates.reduce<Point | null>((found, next) => (found === null || distance(next) < distance(found) ? next : found), null);
    return best !== null && distance(best) <= reach ? best : null;
  };
  const corner = nearest(to.corners);
  if (corner !== null) return { point: corner, to: "corner" };
  const edge = nearest(to.segments.map((segment) => onSegment(segment, point, scale)));
  if (edge !== null) return { point: edge, to: "edge" };
  const [x, y] = point;
  const border: Point = [near(x, scale[0], reach), near(y, scale[1], reach)];
  return border[0] !== x || border[1] !== y ? { point: border, to: "border" } : { point, to: null };
}

/** The nearest point of a segment as the screen shows it: there the picture is not square. */
function onSegment([x1, y1, x2, y2]: Segment, point: Point, [sx, sy]: Point): Point {
  const [x, y] = nearestOn([x1 * sx, y1 * sy], [x2 * sx, y2 * sy], [point[0] * sx, point[1] * sy]);
  return [x / sx, y / sy];
}

function near(value: number, scale: number, reach: number): number {
  if (Math.abs(value) * scale <= reach) return 0;
  return Math.abs(1 - value) * scale <= reach ? 1 : value;
}
