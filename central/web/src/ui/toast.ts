/** Short messages about what was just done; they go by themselves. */

import * as toast from "@zag-js/toast";
import { explain } from "./explain";

/** At the bottom of a phone they would lie on what the thumb reaches for. */
const placement = matchMedia("(max-width: 760px)").matches ? "top" : "bottom-end";

export const toaster = toast.createStore({ placement, max: 4, overlap: false });

/** Says that something was done. */
export function tell(text: string): void {
  toaster.create({ title: text, type: "success", duration: 5000 });
}

/** Says why something was not done. */
export function complain(error: unknown): void {
  toaster.create({ title: explain(error), type: "error", duration: 10_000 });
}
