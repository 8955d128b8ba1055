import { api } from "../api";
import { offers } from "../offers";
import { draft, unsaved } from "../work";

/** Sees to it that the agent looks at what is drawn: zones that are not saved are put on trial. */
export async function observed(): Promise<void> {
  if (unsaved.peek().length > 0 && offers("trial")) await api.startTrial(draft.peek());
}
