/** Times as people read them. */

import { signal } from "@preact/signals";
import { dayOf, written } from "./calendar";
import { writtenAt } from "./format";
import { lang, t } from "./i18n";

/** The present, renewed every second for durations that run. */
export const now = signal(Date.now());

export function startClock(): void {
  setInterval(() => (now.value = Date.now()), 1000);
}

/** `14:03:05` today, else with the day. */
export function clock(iso: string): string {
  const at = new Date(iso);
  const today = at.toDateString() === new Date(now.value).toDateString();
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false };
  return writtenAt(at, lang.value, today ? time : { month: "short", day: "numeric", ...time });
}

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

/** `4:07`, or `1:04:07` from an hour on. */
export function duration(fromIso: string, toIso: string | null): string {
  const to = toIso === null ? now.value : Date.parse(toIso);
  const s = Math.max(0, Math.round((to - Date.parse(fromIso)) / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

export function percent(share: number): string {
  return t("ui.percent", { n: Math.round(share * 100) });
}
