/** Short messages about what was just done; they go by themselves. */

import { signal } from "@preact/signals";
import { explain } from "./explain";

/** Whether anything was said yet. */
export const said = signal(false);

/** Says that something was done. */
export function tell(text: string): void {
  show({ title: text, type: "success", duration: 5000 });
}

/** Says why something was not done. */
export function complain(error: unknown): void {
  show({ title: explain(error), type: "error", duration: 10_000 });
}

/** Their code is fetched with that of the first message, if it is not here yet. */
function show(message: { title: string; type: "success" | "error"; duration: number }): void {
  said.value = true;
  import("./toaster").then(({ toaster }) => toaster.create(message), () => undefined);
}
