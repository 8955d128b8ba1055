/** The contract's words as people read them. */

import type { ConductEvent, Severity } from "./api";
import { label, t } from "./i18n";
import { halls } from "./live";

export const RULES: readonly ConductEvent["rule"][] = [
  "absence", "overstaffed", "slumped", "leaning_back", "tilted", "badge_missing", "smoking", "ashtray", "clutter", "required_item_missing",
];
export const SEVERITIES: readonly Severity[] = ["critical", "warning", "info"];

/** The place of an event by the name that people use. */
export function place(event: Pick<ConductEvent, "hall" | "window" | "zone">): string {
  if (event.zone !== null) return t("ui.zone", { zone: event.zone });
  const windows = halls.value.find((hall) => hall.id === event.hall)?.windows ?? [];
  return windows.find((w) => w.id === event.window)?.name ?? t("ui.window", { window: event.window ?? "" });
}

export function state(event: ConductEvent): string {
  if (event.closed_at === null) return event.acknowledged ? t("ui.state.acknowledged") : t("ui.state.open");
  return event.close_reason ? label("close_reason", event.close_reason) : t("ui.state.closed");
}

/** Whoever did something; of somebody whose account is gone no name is left. */
export function who(name: string | null | undefined): string {
  return name || t("ui.someone_gone");
}
