/** What holds the short messages. */

import * as toast from "@zag-js/toast";

/** At the bottom of a phone they would lie on what the thumb reaches for. */
const placement = matchMedia("(max-width: 760px)").matches ? "top" : "bottom-end";

export const toaster = toast.createStore({ placement, max: 4, overlap: false });
