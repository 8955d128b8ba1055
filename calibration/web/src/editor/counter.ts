/** The next window along a counter: what a person would draw by copying and pulling it aside. Pure. */

import { type Draft, type WindowDraft, addWindow, frameOf, freeId, windowsOf } from "./draft";
import { type Box, type Point, type Polygon, area, common, shareOfSmaller, tidy } from "./geometry";

/** At least this much of a copy must be in the picture, or there is no room. */
const MOST_OUTSIDE = 0.4;
/** More of a neighbour may not be covered. */
const MOST_SHARED = 0.3;
/** Neighbours of one counter differ in size by perspective, not by more than this. */
const MOST_SHRINKING = 1.5;

/**
 * The draft with a copy of a window beside it, or null where there is no room. With a neighbour on one side the copy goes
 * on at the other, as far and as much smaller or larger as perspective says; without one it goes where more room is.
 */
export function copyAlong(draft: Draft, id: string): { draft: Draft; id: string } | null {
  const source = draft.windows.find((w) => w.id === id);
  if (!source) return null;
  const others = windowsOf(draft, source.camera).filter((w) => w.id !== id);
  for (const step of steps(source, others)) {
    const seat = applied(step, frameOf(source), source.seat);
    const desk = source.desk && applied(step, frameOf(source), source.desk);
    const frame = frameOf({ seat, desk });
    if (outside(frame) > MOST_OUTSIDE || others.some((other) => shareOfSmaller(frame, frameOf(other)) > MOST_SHARED)) continue;
    const copy = { ...source, id: freeId(draft), seat: seat.map(tidy), desk: desk && desk.map(tidy) };
    return { draft: addWindow(draft, copy), id: copy.id };
  }
  return null;
}

interface Step {
  dx: number;
  dy: number;
  scale: number;
}

/** Where a copy may go, the likeliest first. */
function steps(source: WindowDraft, others: readonly WindowDraft[]): Step[] {
  const frame = frameOf(source);
  const [x, y] = centre(frame);
  const width = frame.right - frame.left;
  const right: Step = { dx: width, dy: 0, scale: 1 };
  const left: Step = { dx: -width, dy: 0, scale: 1 };
  const plain = 1 - frame.right >= frame.left ? [right, left] : [left, right];
  const nearest = others
    .map((other) => ({ other, at: centre(frameOf(other)) }))
    .sort((a, b) => Math.hypot(a.at[0] - x, a.at[1] - y) - Math.hypot(b.at[0] - x, b.at[1] - y))[0];
  if (!nearest) return plain;
  const near = frameOf(nearest.other);
  const ratio = Math.min(MOST_SHRINKING, Math.max(1 / MOST_SHRINKING, width / Math.max(1e-6, near.right - near.left)));
  // Along a counter in perspective the distances shrink as the windows do.
  const onwards: Step = { dx: (x - nearest.at[0]) * ratio, dy: (y - nearest.at[1]) * ratio, scale: ratio };
  return [onwards, ...plain];
}

function applied({ dx, dy, scale }: Step, frame: Box, points: Polygon): Polygon {
  const [cx, cy] = centre(frame);
  return points.map(([x, y]): Point => [cx + (x - cx) * scale + dx, cy + (y - cy) * scale + dy]);
}

const centre = ({ left, top, right, bottom }: Box): Point => [(left + right) / 2, (top + bottom) / 2];
const outside = (frame: Box): number => 1 - area(common(frame, { left: 0, top: 0, right: 1, bottom: 1 })) / area(frame);
