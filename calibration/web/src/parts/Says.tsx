import { label, t } from "@central/i18n";
import { percent } from "@central/time";
import type { Said } from "../api";
import { item } from "./names";
import { analysis, showAnalysis } from "../stage/live";

const SIGNALS = ["presence", "posture", "badge", "smoking", "desk"] as const;

/** What each signal says now, or why it cannot say; shown with the analysis in the picture. */
export function Says({ of }: { of: readonly string[] }) {
  if (!showAnalysis.value || analysis.value === null) return null;
  const { windows } = analysis.value;
  return (
    <section class="says" aria-label={t("calibrate.says")}>
      <h2>{t("calibrate.says")}</h2>
      {of.filter((id) => windows[id]).map((id) => (
        <dl key={id} class="says-window">
          <dt class="whole">{t("ui.window", { window: id })}</dt>
          {SIGNALS.map((signal) => {
            const said = windows[id]![signal];
            return said && <div key={signal}><dt>{t(`signal.${signal}`)}</dt><dd><Saying said={said} /></dd></div>;
          })}
        </dl>
      ))}
      {of.every((id) => !windows[id]) && <p class="hint">{t("calibrate.says_nothing")}</p>}
    </section>
  );
}

function Desk({ items }: { items: readonly { class: string }[] }) {
  const names = [...new Set(items.map((one) => item(one.class)))];
  return <>{names.length === 0 ? t("calibrate.desk_clear") : names.join(t("calibrate.comma"))}</>;
}

export function Saying({ said }: { said: Said }) {
  if (said.value == null) {
    return <span class="muted">{t("ui.unknown")}{said.reason != null && `: ${label("calibrate.reason", said.reason)}`}</span>;
  }
  // Of a desk that is seen, what lies on it is what counts.
  if (said.value === "seen") return <Desk items={said.items ?? []} />;
  return <>{label("value", said.value)} <span class="muted">{percent(said.confidence ?? 0)}</span></>;
}
