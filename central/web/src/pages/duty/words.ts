/** Stretches of time as people write them. */

import { dayOf } from "../../calendar";
import { dayWritten, hourOf } from "../../time";

/** `11月23日周一 09:00 – 09:30`; both days where there are two. */
export function stretch(from: string, to: string): string {
  const same = dayOf(new Date(from)) === dayOf(new Date(to));
  return `${dayWritten(from)} ${hourOf(from)} – ${same ? "" : `${dayWritten(to)} `}${hourOf(to)}`;
}
