/** Points and polygons in fractions of the picture's width and height; x right, y down. Pure. */

export type Point = readonly [x: number, y: number];
export type Polygon = readonly Point[];

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const clamp = (value: number, low = 0, high = 1): number => Math.min(high, Math.max(low, value));

/** Four decimals: a tenth of a pixel of a 1080p picture, and files that people can read. */
export function tidy([x, y]: Point): Point {
  const round = (value: number) => Math.round(clamp(value) * 10_000) / 10_000;
  return [round(x), round(y)];
}

export function box(points: Polygon): Box {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

export function union(a: Box, b: Box): Box {
  return { left: Math.min(a.left, b.left), top: Math.min(a.top, b.top), right: Math.max(a.right, b.right), bottom: Math.max(a.bottom, b.bottom) };
}

/** What two boxes have in common; turned inside out where that is nothing, so that its area is 0. */
export function common(a: Box, b: Box): Box {
  return { left: Math.max(a.left, b.left), top: Math.max(a.top, b.top), right: Math.min(a.right, b.right), bottom: Math.min(a.bottom, b.bottom) };
}

export function area({ left, top, right, bottom }: Box): number {
  return Math.max(0, right - left) * Math.max(0, bottom - top);
}

/** How much of the smaller of two boxes lies in the other. */
export function shareOfSmaller(a: Box, b: Box): number {
  return area(common(a, b)) / Math.max(1e-9, Math.min(area(a), area(b)));
}

/** A rectangle, clockwise from its upper left corner. */
export function rectangle({ left, top, right, bottom }: Box): Polygon {
  const corners: Polygon = [[left, top], [right, top], [right, bottom], [left, bottom]];
  return corners.map(tidy);
}

/** The mean of the corners: always near the middle, good enough for a label or a handle. */
export function middle(points: Polygon): Point {
  const n = Math.max(1, points.length);
  return [points.reduce((sum, [x]) => sum + x, 0) / n, points.reduce((sum, [, y]) => sum + y, 0) / n];
}

export function replaced(points: Polygon, index: number, point: Point): Polygon {
  return points.map((old, i) => (i === index ? tidy(point) : old));
}

/** With a new corner after the given one: at `point`, else half-way to the next corner. */
export function inserted(points: Polygon, after: number, point?: Point): Polygon {
  const here = points[after];
  const next = points[(after + 1) % points.length];
  if (!here || !next) return points;
  const added = point ?? ([(here[0] + next[0]) / 2, (here[1] + next[1]) / 2] as const);
  return [...points.slice(0, after + 1), tidy(added), ...points.slice(after + 1)];
}

/** Without a corner; a polygon keeps its last three. */
export function removed(points: Polygon, index: number): Polygon {
  return points.length <= 3 ? points : points.filter((_, i) => i !== index);
}

/** Moved as a whole, stopped at the picture's border so that its shape stays. */
export function moved(points: Polygon, dx: number, dy: number): Polygon {
  const { left, top, right, bottom } = box(points);
  const x = clamp(dx, -left, 1 - right);
  const y = clamp(dy, -top, 1 - bottom);
  return points.map(([px, py]) => tidy([px + x, py + y]));
}

/** Whether a point lies inside (even-odd rule). */
export function contains(points: Polygon, [x, y]: Point): boolean {
  let inside = false;
  points.forEach(([ax, ay], i) => {
    const [bx, by] = points[(i + 1) % points.length]!;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}

/** The point of the segment a–b that is nearest to `p`. */
export function nearestOn(a: Point, b: Point, p: Point): Point {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : clamp(((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length);
  return [a[0] + along * dx, a[1] + along * dy];
}
