import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Point, type Polygon, box, contains, inserted, moved, nearestOn, rectangle, removed } from "./geometry";

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const point = fc.tuple(fraction, fraction) as fc.Arbitrary<Point>;
const polygon = fc.array(point, { minLength: 3, maxLength: 8 }) as fc.Arbitrary<Polygon>;
const square = rectangle({ left: 0.2, top: 0.2, right: 0.6, bottom: 0.6 });

describe("polygons", () => {
  test("moving keeps them in the picture and keeps their size", () => {
    fc.assert(
      fc.property(polygon, fc.double({ min: -2, max: 2, noNaN: true }), fc.double({ min: -2, max: 2, noNaN: true }), (points, dx, dy) => {
        const [before, after] = [box(points), box(moved(points, dx, dy))];
        expect(after.left).toBeGreaterThanOrEqual(0);
        expect(after.bottom).toBeLessThanOrEqual(1);
        expect(after.right - after.left).toBeCloseTo(before.right - before.left, 3);
        expect(after.bottom - after.top).toBeCloseTo(before.bottom - before.top, 3);
      }),
    );
  });

  test("a corner goes in after another, half-way where nothing else is said, and out again", () => {
    expect(inserted(square, 3)[4]).toEqual([0.2, 0.4]);
    expect(inserted(square, 0, [0.5, 0.1])[1]).toEqual([0.5, 0.1]);
    expect(removed(inserted(square, 0), 1)).toEqual(square);
  });

  test("three corners are the least", () => {
    const triangle = removed(square, 0);
    expect(triangle).toHaveLength(3);
    expect(removed(triangle, 0)).toBe(triangle);
  });

  test("inside and outside", () => {
    expect(contains(square, [0.4, 0.4])).toBe(true);
    expect(contains(square, [0.7, 0.4])).toBe(false);
  });

  test("the nearest point of a segment is no farther than its ends", () => {
    fc.assert(
      fc.property(point, point, point, (a, b, p) => {
        const [x, y] = nearestOn(a, b, p);
        const far = (q: Point) => Math.hypot(q[0] - p[0], q[1] - p[1]);
        expect(Math.hypot(x - p[0], y - p[1])).toBeLessThanOrEqual(Math.min(far(a), far(b)) + 1e-9);
      }),
    );
  });
});
