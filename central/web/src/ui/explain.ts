import { ApiError } from "../failure";
import { lang, maybe, t } from "../i18n";

/** What went wrong, in words for the person before the screen: `ui.error.<kind>` where the catalogue has it. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return t("ui.error.internal");
  if (error.kind === "unreachable") return t("ui.error.unreachable");
  if (error.kind === "invalid") return wrong(error.detail ?? "");
  const minutes = String(Math.max(1, Math.ceil((error.retryAfterS ?? 60) / 60)));
  return maybe(`ui.error.${error.kind}`)?.replace("{minutes}", minutes) ?? t("ui.error.internal");
}

/** What an input lacks: the server says it in English, the field first (`hours: expected …`); `ui.wrong.<field>` says it to people. */
function wrong(detail: string): string {
  const field = /^(\w+):/.exec(detail)?.[1];
  const text = field === undefined ? null : maybe(`ui.wrong.${field}`);
  return text ?? (lang.value === "en" ? `${t("ui.error.invalid")} ${detail}`.trim() : t("ui.error.invalid"));
}
