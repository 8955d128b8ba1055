/** The picture in view: asked for a few times a second, kept in memory only, the next one fetched while the last is drawn. */

import { effect, signal } from "@preact/signals";
import { type Analysis, type Picture, api } from "../api";
import { offers } from "../offers";
import { cameraId } from "../place";
import { signedIn } from "../session";
import { scale } from "./view";

/** A picture that can be drawn. */
export type Shown = Omit<Picture, "jpeg"> & { bitmap: ImageBitmap };

export const picture = signal<Shown | null>(null);
export const frozen = signal(false);
export const clearHeads = signal(false);
export const showAnalysis = signal(false);
export const analysis = signal<Analysis | null>(null);
/** Whether the last picture could not be fetched. */
export const noPicture = signal(false);

/** Whether nobody draws: then the machine's time is better spent on watching. */
export const calm = signal(false);

const EVERY_MS = 280;
const EVERY_CALM_MS = 1500;
const AFTER_FAILURE_MS = 1500;
/** The agent scales pictures down to this longer side; what is zoomed in further is fetched as the camera has it. */
const MOST_SCALED = 1280;

function wanted(): number {
  const pixels = Math.max(...scale.peek()) * devicePixelRatio;
  // Nothing is laid out yet: the size that fits most screens.
  if (pixels === 0) return MOST_SCALED;
  return pixels > MOST_SCALED ? 0 : Math.ceil(pixels / 320) * 320;
}

let turn = 0;

async function follow(id: string): Promise<void> {
  const mine = ++turn;
  let drawing = Promise.resolve(true);
  while (turn === mine) {
    const began = performance.now();
    let failed = false;
    if (!document.hidden && !(frozen.peek() && picture.peek() !== null)) {
      try {
        const heads = clearHeads.peek() ? "clear" : "pixelated";
        const next = await api.picture(id, { heads, draw: showAnalysis.peek() ? "analysis" : "none", max: wanted() });
        failed = !(await drawing);
        drawing = draw(next, mine);
        if (showAnalysis.peek() && offers("analysis")) analysis.value = await api.analysis(id);
      } catch {
        failed = true;
      }
      noPicture.value = failed;
    }
    const took = performance.now() - began;
    // A machine that is busy gets a quarter as much rest as it needed for the picture: watching goes on.
    const rest = failed ? AFTER_FAILURE_MS : Math.max((calm.peek() ? EVERY_CALM_MS : EVERY_MS) - took, took / 4);
    await new Promise((next) => setTimeout(next, rest));
  }
}

/** Draws a picture, unless it is not wanted any more; false where it is none. */
async function draw({ jpeg, ...told }: Picture, mine: number): Promise<boolean> {
  const bitmap = await createImageBitmap(jpeg).catch(() => null);
  if (bitmap === null) return false;
  // Whoever froze before the first picture still gets that one.
  if (turn !== mine || (frozen.peek() && picture.peek() !== null)) bitmap.close();
  else show({ ...told, bitmap });
  return true;
}

function show(next: Shown | null): void {
  picture.peek()?.bitmap.close();
  picture.value = next;
}

effect(() => {
  const id = cameraId.value;
  turn++;
  show(null);
  frozen.value = false;
  if (id !== null && signedIn.value === true) void follow(id);
});
