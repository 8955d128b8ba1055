/** Stretches of time as people write them. */

import { dayOf, written } from "../../calendar";
import { writtenAt } from "../../format";
import { lang } from "../../i18n";

/** `11月23日周一 09:00 – 09:30`; both days where there are two. */
export function stretch(from: string, to: string): string {
  const time = (iso: string) => writtenAt(new Date(iso), lang.value, { hour: "2-digit", minute: "2-digit", hour12: false });
  const day = (iso: string) => written(dayOf(new Date(iso)), lang.value, { month: "short", day: "numeric", weekday: "short" });
  const same = dayOf(new Date(from)) === dayOf(new Date(to));
  return `${day(from)} ${time(from)} – ${same ? "" : `${day(to)} `}${time(to)}`;
}
