import { expect, test } from "vitest";
import type { Point } from "./geometry";
import { type Segment, attraction, snap } from "./snap";

const SCREEN: Point = [1000, 500];
const neighbour: Point[] = [[0.5, 0.5], [0.7, 0.5], [0.7, 0.9], [0.5, 0.9]];
const counterEdge: Segment = [0, 0.62, 1, 0.62];
const to = attraction([neighbour], [counterEdge]);

const CASES: [name: string, point: Point, expected: Point, held: string | null][] = [
  ["a neighbour's corner beats its side", [0.503, 0.505], [0.5, 0.5], "corner"],
  ["a straight edge of the picture", [0.2, 0.63], [0.2, 0.62], "edge"],
  ["a neighbour's side", [0.495, 0.75], [0.5, 0.75], "edge"],
  ["the border", [0.004, 0.3], [0, 0.3], "border"],
  ["free where nothing is near", [0.3, 0.3], [0.3, 0.3], null],
  ["reach is measured on the screen: 0.03 of the height is 15 px", [0.2, 0.65], [0.2, 0.65], null],
];

test.each(CASES)("%s", (_, point, expected, held) => {
  const snapped = snap(point, to, SCREEN, 12);
  expect(snapped.to).toBe(held);
  expect(snapped.point[0]).toBeCloseTo(expected[0], 6);
  expect(snapped.point[1]).toBeCloseTo(expected[1], 6);
});

test("on a tilted edge the nearest point is the one that looks nearest", () => {
  const diagonal: Segment = [0, 0, 1, 1];
  const { point } = snap([0.5, 0.51], attraction([], [diagonal]), SCREEN, 12);
  // Perpendicular on a screen twice as wide as high: the foot moves along x by much less than along y.
  expect(point[0]).toBeCloseTo(0.502, 3);
  expect(point[1]).toBeCloseTo(0.502, 3);
});
