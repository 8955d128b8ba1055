/** Times and reasons in the words of this page. */

import { dayOf, written } from "../../calendar";
import { writtenAt } from "../../format";
import { label, lang, maybe, say } from "../../i18n";
import { t } from "../../i18n";
import { place } from "../../words";
import type { OwnEvent, Summary } from "./counting";

/** `10:05`. */
export function hourOf(iso: string): string {
  return writtenAt(new Date(iso), lang.value, { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** The day of an instant, with its weekday. */
export function dayWritten(iso: string): string {
  return written(dayOf(new Date(iso)), lang.value, { month: "short", day: "numeric", weekday: "short" });
}

/** A deadline: the day it is the end of. */
export function dueWritten(iso: string): string {
  return dayWritten(new Date(Date.parse(iso) - 1).toISOString());
}

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
