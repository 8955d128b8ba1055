/** The calibration that is being drawn, and what can be done to it. Pure: every function returns a new draft. */

import { type Box, type Point, type Polygon, box, clamp, rectangle, shareOfSmaller, tidy, union } from "./geometry";
import type { components } from "../schema";

/** What an installer draws, as the agent takes and gives it. */
export type Draft = components["schemas"]["Draft"];
export type WindowDraft = components["schemas"]["DraftWindow"];

export const EMPTY: Draft = { windows: [], smoking_zones: [], privacy_masks: [], lenses: [] };

/** One polygon of a draft: a window's seat or desk, a smoking zone, or the n-th privacy mask of the file. */
export type Shape =
  | { kind: "window"; id: string; part: "seat" | "desk" }
  | { kind: "zone"; id: string }
  | { kind: "mask"; index: number };

export function sameShape(a: Shape | null, b: Shape | null): boolean {
  return keyOf(a) === keyOf(b);
}

/** A name for a shape: key of lists and of steps. */
export function keyOf(shape: Shape | null): string {
  if (shape === null) return "";
  if (shape.kind === "window") return `window/${shape.id}/${shape.part}`;
  return shape.kind === "zone" ? `zone/${shape.id}` : `mask/${shape.index}`;
}

/** The shapes of a camera, in the order in which they are drawn: what is small lies on top. */
export function shapesOf(draft: Draft, camera: string): { shape: Shape; points: Polygon }[] {
  const masks = draft.privacy_masks.flatMap((mask, index) =>
    mask.camera === camera ? [{ shape: { kind: "mask", index } as Shape, points: mask.polygon }] : [],
  );
  const zones = draft.smoking_zones
    .filter((zone) => zone.camera === camera)
    .map((zone) => ({ shape: { kind: "zone", id: zone.id } as Shape, points: zone.polygon }));
  const windows = windowsOf(draft, camera);
  const part = (name: "seat" | "desk") =>
    windows.flatMap((w) => {
      const points = w[name];
      return points === null ? [] : [{ shape: { kind: "window", id: w.id, part: name } as Shape, points }];
    });
  return [...zones, ...part("seat"), ...part("desk"), ...masks];
}

export function windowsOf(draft: Draft, camera: string): WindowDraft[] {
  return draft.windows.filter((w) => w.camera === camera);
}

export function pointsOf(draft: Draft, shape: Shape | null): Polygon | null {
  if (shape === null) return null;
  if (shape.kind === "mask") return draft.privacy_masks[shape.index]?.polygon ?? null;
  if (shape.kind === "zone") return draft.smoking_zones.find((zone) => zone.id === shape.id)?.polygon ?? null;
  return draft.windows.find((w) => w.id === shape.id)?.[shape.part] ?? null;
}

export function withPoints(draft: Draft, shape: Shape, points: Polygon): Draft {
  if (shape.kind === "mask")
    return { ...draft, privacy_masks: draft.privacy_masks.map((mask, i) => (i === shape.index ? { ...mask, polygon: points } : mask)) };
  if (shape.kind === "zone")
    return { ...draft, smoking_zones: draft.smoking_zones.map((zone) => (zone.id === shape.id ? { ...zone, polygon: points } : zone)) };
  return withWindow(draft, shape.id, { [shape.part]: points });
}

export function withWindow(draft: Draft, id: string, change: Partial<WindowDraft>): Draft {
  return { ...draft, windows: draft.windows.map((w) => (w.id === id ? { ...w, ...change } : w)) };
}

export function withoutWindow(draft: Draft, id: string): Draft {
  return { ...draft, windows: draft.windows.filter((w) => w.id !== id) };
}

export function withoutShape(draft: Draft, shape: Shape): Draft {
  if (shape.kind === "mask") return { ...draft, privacy_masks: draft.privacy_masks.filter((_, i) => i !== shape.index) };
  if (shape.kind === "zone") return { ...draft, smoking_zones: draft.smoking_zones.filter((zone) => zone.id !== shape.id) };
  return shape.part === "desk" ? withWindow(draft, shape.id, { desk: null }) : withoutWindow(draft, shape.id);
}

/** With everything of one camera as another draft has it; what is drawn for the others stays. */
export function withCamera(draft: Draft, camera: string, other: Draft): Draft {
  const merged = <T extends { camera: string }>(own: readonly T[], its: readonly T[]): T[] => [
    ...own.filter((one) => one.camera !== camera),
    ...its.filter((one) => one.camera === camera),
  ];
  return {
    windows: merged(draft.windows, other.windows),
    smoking_zones: merged(draft.smoking_zones, other.smoking_zones),
    privacy_masks: merged(draft.privacy_masks, other.privacy_masks),
    lenses: merged(draft.lenses, other.lenses),
  };
}

/** The smallest number that no window of the draft has. */
export function freeId(draft: Draft): string {
  const taken = new Set(draft.windows.map((w) => w.id));
  let n = 1;
  while (taken.has(String(n))) n++;
  return String(n);
}

export function addWindow(draft: Draft, window: Pick<WindowDraft, "camera" | "seat" | "desk"> & Partial<WindowDraft>): Draft {
  const added: WindowDraft = { id: freeId(draft), post: 1, required: [], permitted: [], ...window };
  return { ...draft, windows: [...draft.windows, added] };
}

/** As much as this of the smaller one is common to what is the same window. */
const SAME_WINDOW = 0.5;

/**
 * Puts proposed windows in the place of a camera's windows. One that lies where a window was keeps its number and what is
 * set for it; others are numbered from left to right.
 */
export function withProposals(draft: Draft, camera: string, proposals: readonly { seat: Polygon; desk: Polygon | null }[]): Draft {
  const left = [...windowsOf(draft, camera)];
  const known = proposals.map((proposal) => {
    const index = left.findIndex((w) => shareOfSmaller(frameOf(w), frameOf(proposal)) >= SAME_WINDOW);
    return index < 0 ? null : left.splice(index, 1)[0]!;
  });
  const kept = known.filter((w) => w !== null);
  const others = draft.windows.filter((w) => w.camera !== camera);
  const start: Draft = { ...draft, windows: [...others, ...kept] };
  return proposals.reduce((next, proposal, i) => {
    const shape = { camera, seat: proposal.seat.map(tidy), desk: proposal.desk && proposal.desk.map(tidy) };
    const old = known[i];
    return old ? withWindow(next, old.id, shape) : addWindow(next, shape);
  }, start);
}

/** A seat with its desk below, as wide as asked, around a point of the picture. */
export function freshWindow(camera: string, [x, y]: Point, wide = 0.3): Pick<WindowDraft, "camera" | "seat" | "desk"> {
  const width = clamp(wide, 0.06, 0.5);
  const left = clamp(x - width / 2, 0, 1 - width);
  const height = width * 1.9;
  const top = clamp(y - height / 2, 0, 1 - height);
  const ledge = top + height * 0.66;
  return {
    camera,
    seat: rectangle({ left: left + width * 0.08, top, right: left + width * 0.92, bottom: ledge }),
    desk: rectangle({ left, top: ledge, right: left + width, bottom: top + height }),
  };
}

/** A rectangle around a point of the picture: a new zone or mask. */
export function freshArea([x, y]: Point, size = 0.2): Polygon {
  const [left, top] = [clamp(x - size / 2, 0, 1 - size), clamp(y - size / 2, 0, 1 - size)];
  return rectangle({ left, top, right: left + size, bottom: top + size });
}

/** A zone's id of the form `zone-2` that is free. */
export function freeZoneId(draft: Draft): string {
  let n = 1;
  while (draft.smoking_zones.some((zone) => zone.id === `zone-${n}`)) n++;
  return `zone-${n}`;
}

export function frameOf(window: Pick<WindowDraft, "seat" | "desk">): Box {
  return window.desk === null ? box(window.seat) : union(box(window.seat), box(window.desk));
}
