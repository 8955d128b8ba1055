import { label, t } from "@central/i18n";
import { clock } from "@central/time";
import { Icon } from "@central/ui/Icon";
import { Section } from "@central/ui/Page";
import { complain, tell } from "@central/ui/toast";
import { useState } from "preact/hooks";
import { ApiError } from "../api";
import { Findings } from "../parts/Findings";
import { FilesTool } from "../parts/FilesTool";
import { Versions } from "../parts/Versions";
import { findings, overtaken, reset, save, saved, unsaved } from "../work";

/** What will change, the deed, and the way back. */
export function SaveStep() {
  const [busy, setBusy] = useState(false);
  const changes = unsaved.value;
  const problems = findings.value.problems.length;
  const put = async () => {
    setBusy(true);
    try {
      await save();
      tell(t("calibrate.saved"));
    } catch (error) {
      if (error instanceof ApiError && error.kind === "changed") overtaken.value = true;
      else complain(error);
    }
    setBusy(false);
  };
  return (
    <>
      <header class="step-head"><h1>{t("calibrate.step.save")}</h1></header>
      {changes.length === 0 ? (
        <p class="good tone saved"><Icon name="check" />{saved.value?.saved_at ? t("calibrate.in_force_since", { time: clock(saved.value.saved_at) }) : t("calibrate.nothing_to_save")}</p>
      ) : (
        <Section title={t("calibrate.will_change")}>
          <ul class="differences">
            {changes.map(({ kind, what, id }) => (
              <li key={`${what}/${id}`} class={kind}><span class="badge">{label("calibrate.change", kind)}</span> {t(`calibrate.what.${what}`, { id })}</li>
            ))}
          </ul>
          <Findings brief />
          <p class="hint">{t("calibrate.save_hint")}</p>
          <div class="actions">
            <button type="button" class="primary save" disabled={busy || problems > 0} onClick={() => void put()}><Icon name="check" />{t("calibrate.save")}</button>
            <button type="button" onClick={() => void reset().catch(complain)}>{t("calibrate.discard")}</button>
          </div>
        </Section>
      )}
      <Versions key={saved.value?.version ?? ""} />
      <FilesTool />
    </>
  );
}
