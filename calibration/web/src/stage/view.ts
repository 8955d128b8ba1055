/** How the picture lies on the screen: fitted, zoomed, panned. */

import { computed, signal } from "@preact/signals";
import type { Box, Point } from "../editor/geometry";
import { camera } from "../place";

export interface Zoom {
  k: number;
  x: number;
  y: number;
}

/** The stage in pixels of the screen. */
export const size = signal({ width: 0, height: 0 });
export const zoom = signal<Zoom>({ k: 1, x: 0, y: 0 });
export const MOST_ZOOM = 12;

/** The whole picture within the stage, before any zoom. */
export const base = computed(() => {
  const { width, height } = size.value;
  const seen = camera.value;
  const aspect = seen !== null && seen.width > 0 && seen.height > 0 ? seen.width / seen.height : 16 / 9;
  const fitted = Math.min(width, height * aspect);
  return { left: (width - fitted) / 2, top: (height - fitted / aspect) / 2, width: fitted, height: fitted / aspect };
});

/** Pixels of the screen to the whole picture's width and height. */
export const scale = computed<Point>(() => [base.value.width * zoom.value.k, base.value.height * zoom.value.k]);

export function toScreen([x, y]: Point): Point {
  const { left, top, width, height } = base.value;
  const { k, x: tx, y: ty } = zoom.value;
  return [(left + x * width) * k + tx, (top + y * height) * k + ty];
}

export function toPicture([sx, sy]: Point): Point {
  const { left, top, width, height } = base.peek();
  const { k, x, y } = zoom.peek();
  return [((sx - x) / k - left) / width, ((sy - y) / k - top) / height];
}

/** The middle of what is seen now. */
export function middleOfView(): Point {
  const { width, height } = size.peek();
  return toPicture([width / 2, height / 2]);
}

/** How much of the picture's width is seen now. */
export function widthOfView(): number {
  return 1 / zoom.peek().k;
}

/** Room beyond the picture's border, in pixels before zooming: a corner on the border keeps its whole handle in view. */
export const MARGIN = 8;

/** The zoom that shows a part of the picture with some room around it, and as little as can be of what lies beyond. */
export function zoomOf(part: Box, room = 0.76): Zoom {
  const { left, top, width, height } = base.peek();
  const stage = size.peek();
  const wanted = Math.min((stage.width * room) / ((part.right - part.left) * width), (stage.height * room) / ((part.bottom - part.top) * height));
  const k = Math.min(MOST_ZOOM, Math.max(1, wanted));
  const [cx, cy] = [left + ((part.left + part.right) / 2) * width, top + ((part.top + part.bottom) / 2) * height];
  const along = (wanted: number, from: number, length: number, seen: number): number => {
    const [least, most] = [seen - k * (from + length + MARGIN), -k * (from - MARGIN)];
    return least > most ? (least + most) / 2 : Math.min(most, Math.max(least, wanted));
  };
  return { k, x: along(stage.width / 2 - k * cx, left, width, stage.width), y: along(stage.height / 2 - k * cy, top, height, stage.height) };
}
