/** Reasons and places in the words of this page. */

import { label, maybe, say } from "../../i18n";
import { t } from "../../i18n";
import { place } from "../../words";
import type { OwnEvent, Summary } from "./counting";

/** Why an event was raised, said to the person it is about; the hall's words where there are none of its own. */
export function why(event: OwnEvent): string {
  const own = maybe(`me.reason.${event.rule}`);
  if (own === null) return say(event.reason);
  const items = event.evidence.items.map((item) => label("item", item)).join(t("text.list_separator"));
  return own.replace("{items}", items).replace("{people}", String(event.evidence.people ?? ""));
}

/** The window of an event by the name that people use. */
export function windowOf(event: OwnEvent, posts: Summary["posts"]): string {
  return posts.find((post) => post.hall === event.hall && post.window === event.window)?.window_name ?? place(event);
}
