import type { ComponentChildren } from "preact";
import { createPortal } from "preact/compat";

/** Puts what floats above the page at the end of the document, where nothing clips it. */
export function Portal({ children }: { children: ComponentChildren }) {
  return createPortal(<>{children}</>, document.body);
}
