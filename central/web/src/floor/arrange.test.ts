import { expect, test } from "vitest";
import { arrange } from "./arrange";

const window = (id: string, place: { x: number; y: number } | null) => ({ id, place });

test("windows stand where they were put, from the first used cell on; the others below in rows", () => {
  const { cells, columns } = arrange([window("b", { x: 5, y: 3 }), window("a", { x: 3, y: 2 }), window("c", null), window("d", null), window("e", null), window("f", null)]);
  expect(columns).toBe(3);
  expect(cells.map(({ window, x, y }) => [window.id, x, y])).toEqual([["a", 0, 0], ["b", 2, 1], ["c", 0, 2], ["d", 1, 2], ["e", 2, 2], ["f", 0, 3]]);
});
