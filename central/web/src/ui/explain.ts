import { ApiError } from "../failure";
import { maybe, t } from "../i18n";

/** What went wrong, in words for the person before the screen: `ui.error.<kind>` where the catalogue has it. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return t("ui.error.internal");
  if (error.kind === "unreachable") return t("ui.error.unreachable");
  const minutes = String(Math.max(1, Math.ceil((error.retryAfterS ?? 60) / 60)));
  const text = maybe(`ui.error.${error.kind}`)?.replace("{minutes}", minutes);
  // What an input lacks is said by the server, which checked it.
  if (error.kind === "invalid" && error.detail !== null) return `${text ?? ""} ${error.detail}`.trim();
  return text ?? t("ui.error.internal");
}
