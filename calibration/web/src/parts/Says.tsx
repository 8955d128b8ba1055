import { label, t } from "@central/i18n";
import { percent } from "@central/time";
import type { OnDesk, Said } from "../api";
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
        <div key={id} class="says-window">
          <h3>{t("ui.window", { window: id })}</h3>
          <dl>
            {SIGNALS.map((signal) => {
              const said = windows[id]![signal];
              return said && <div key={signal}><dt>{t(`signal.${signal}`)}</dt><dd><Saying said={said} /></dd></div>;
            })}
          </dl>
        </div>
      ))}
      {of.every((id) => !windows[id]) && <p class="hint">{t("calibrate.says_nothing")}</p>}
    </section>
  );
}

function Desk({ items, missing, may_be_hidden }: OnDesk) {
  const names = (classes: readonly string[]) => [...new Set(classes.map(item))].join(t("calibrate.comma"));
  return (
    <>
      {items.length === 0 ? t("calibrate.desk_clear") : names(items.map((one) => one.class))}
      {missing.length > 0 && <small class="lacks">{t("calibrate.desk_missing", { items: names(missing) })}</small>}
      {may_be_hidden.length > 0 && <small class="lacks muted">{t("calibrate.desk_hidden", { items: names(may_be_hidden) })}</small>}
    </>
  );
}

export function Saying({ said }: { said: Said }) {
  if (said.value == null) {
    return <span class="muted">{t("ui.unknown")}{said.reason != null && `: ${label("calibrate.reason", said.reason)}`}</span>;
  }
  // Of a desk that is seen, what is on it is what counts.
  if (said.on_desk != null) return <Desk {...said.on_desk} />;
  return <>{label("value", said.value)} <span class="muted">{percent(said.confidence ?? 0)}</span></>;
}
