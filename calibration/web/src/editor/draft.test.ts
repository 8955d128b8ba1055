import { expect, test } from "vitest";
import { changes } from "./changes";
import { copyAlong } from "./counter";
import {
  type Draft, EMPTY, addWindow, frameOf, freeId, freshWindow, pointsOf, shapesOf, withCamera, withPoints, withProposals, withWindow, withoutShape, withoutWindow,
} from "./draft";
import { area, box, rectangle, shareOfSmaller } from "./geometry";

const window = (left: number, right: number, top = 0.2, bottom = 0.8) => ({
  seat: rectangle({ left, right, top, bottom: (top + bottom) / 2 }),
  desk: rectangle({ left, right, top: (top + bottom) / 2, bottom }),
});
const on = (camera: string, ...spans: [number, number][]): Draft => spans.reduce((draft, [l, r]) => addWindow(draft, { camera, ...window(l, r) }), EMPTY);

test("windows are numbered with what is free", () => {
  const draft = on("cam-1", [0, 0.2], [0.3, 0.5], [0.6, 0.8]);
  expect(draft.windows.map((w) => w.id)).toEqual(["1", "2", "3"]);
  expect(freeId(withoutWindow(draft, "2"))).toBe("2");
});

test("points are read and written by shape", () => {
  const draft = on("cam-1", [0, 0.2]);
  const points = rectangle({ left: 0.1, top: 0.1, right: 0.3, bottom: 0.3 });
  const shape = { kind: "window", id: "1", part: "desk" } as const;
  expect(pointsOf(withPoints(draft, shape, points), shape)).toEqual(points);
  expect(pointsOf(withoutShape(draft, shape), shape)).toBeNull();
  expect(withoutShape(draft, { ...shape, part: "seat" }).windows).toEqual([]);
});

test("proposals keep number and settings of the windows that were there", () => {
  const before = withWindow(on("cam-1", [0.3, 0.5], [0.8, 0.9]), "1", { post: 2, required: ["name_plate"] });
  const after = withProposals(before, "cam-1", [window(0.02, 0.22), window(0.31, 0.52)]);
  expect(after.windows.map((w) => w.id).sort()).toEqual(["1", "2"]);
  expect(after.windows.find((w) => w.id === "1")).toMatchObject({ post: 2, required: ["name_plate"], ...window(0.31, 0.52) });
});

test("proposals of one camera leave the others alone", () => {
  const before = addWindow(on("cam-1", [0, 0.2]), { camera: "cam-2", ...window(0.5, 0.7) });
  const after = withProposals(before, "cam-1", [window(0.4, 0.6)]);
  expect(after.windows.map((w) => [w.id, w.camera])).toEqual([["2", "cam-2"], ["1", "cam-1"]]);
});

test("a copy alone goes where there is room", () => {
  const copied = copyAlong(on("cam-1", [0.6, 0.9]), "1")!;
  expect(box(copied.draft.windows[1]!.seat).right).toBeCloseTo(0.6, 3);
});

test("a copy beside a neighbour goes on at the other side, smaller where perspective says so", () => {
  const { draft, id } = copyAlong(on("cam-1", [0, 0.3], [0.35, 0.6]), "2")!;
  expect(id).toBe("3");
  const frame = frameOf(draft.windows[2]!);
  expect(frame.left).toBeGreaterThanOrEqual(0.6);
  expect(area(frame)).toBeLessThan(area(frameOf(draft.windows[1]!)));
  expect(shareOfSmaller(frame, frameOf(draft.windows[1]!))).toBeLessThan(0.05);
});

test("a copy keeps post and items, and there is none without room", () => {
  const draft = withWindow(on("cam-1", [0.1, 0.4]), "1", { post: 2, permitted: ["cup"] });
  expect(copyAlong(draft, "1")!.draft.windows[1]).toMatchObject({ post: 2, permitted: ["cup"], id: "2" });
  expect(copyAlong(on("cam-1", [0, 1]), "1")).toBeNull();
});

test("a fresh window lies within the picture wherever it is put", () => {
  for (const at of [[0, 0], [1, 1], [0.5, 0.5]] as const) {
    const frame = frameOf(freshWindow("cam-1", at));
    expect([frame.left >= 0, frame.top >= 0, frame.right <= 1, frame.bottom <= 1]).toEqual([true, true, true, true]);
  }
});

test("what is drawn: seats below desks, only of the camera", () => {
  const draft = addWindow(on("cam-1", [0, 0.2]), { camera: "cam-2", ...window(0.5, 0.7) });
  expect(shapesOf(draft, "cam-1").map(({ shape }) => shape)).toEqual([
    { kind: "window", id: "1", part: "seat" },
    { kind: "window", id: "1", part: "desk" },
  ]);
});

test("the difference names what was added, removed and changed", () => {
  const before = on("cam-1", [0, 0.2], [0.3, 0.5]);
  const after = withWindow(withoutWindow(addWindow(before, { camera: "cam-1", ...window(0.6, 0.8) }), "2"), "1", { post: 2 });
  expect(changes(before, after)).toEqual([
    { kind: "changed", what: "window", id: "1" },
    { kind: "added", what: "window", id: "3" },
    { kind: "removed", what: "window", id: "2" },
  ]);
  expect(changes(after, after)).toEqual([]);
});

test("zones that go along with a moved camera leave what is drawn for the others", () => {
  const elsewhere = addWindow(on("cam-1", [0, 0.2]), { camera: "cam-2", ...window(0.3, 0.5) });
  const lens = { camera: "cam-1", k1: 0, k2: 0, centre: [0.5, 0.5], roll_deg: 1 } as const;
  const moved = { ...on("cam-1", [0.1, 0.3]), lenses: [lens] };
  const merged = withCamera(elsewhere, "cam-1", moved);
  expect(merged.windows.map((w) => [w.camera, box(w.seat).left])).toEqual([["cam-2", 0.3], ["cam-1", 0.1]]);
  expect(merged.lenses).toEqual([lens]);
  expect(withCamera(elsewhere, "cam-3", moved)).toEqual(elsewhere);
});
