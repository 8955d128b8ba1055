import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { Section } from "@central/ui/Page";
import { explain } from "@central/ui/explain";
import { useState } from "preact/hooks";
import { api } from "../api";
import { change, draft } from "../work";

const CHART = "/board.pdf";

/** Lens and level of a camera, so that tilting is measured against the true vertical. */
export function LevelTool({ camera }: { camera: string }) {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<{ text: string; failed: boolean } | null>(null);
  const lens = draft.value.lenses.find((one) => one.camera === camera);
  const measure = async (by: "edges" | "chart") => {
    setBusy(true);
    setSaid(null);
    try {
      const { lens: found, quality } = await api.level(camera, by);
      change({ ...draft.value, lenses: [...draft.value.lenses.filter((one) => one.camera !== camera), found] });
      const n = quality.corners ?? quality.segments ?? 0;
      setSaid({ text: t(by === "edges" ? "calibrate.level_edges_done" : "calibrate.level_chart_done", { n, px: quality.residual_px.toFixed(1) }), failed: false });
    } catch (error) {
      setSaid({ text: explain(error), failed: true });
    }
    setBusy(false);
  };
  const drop = () => {
    change({ ...draft.value, lenses: draft.value.lenses.filter((one) => one.camera !== camera) });
    setSaid(null);
  };
  return (
    <Section title={t("calibrate.level")} lead={t("calibrate.level_lead")}>
      {lens && (
        <p class="row">
          <span>{t("calibrate.level_now", { roll: lens.roll_deg.toFixed(1), k1: lens.k1.toFixed(3), k2: lens.k2.toFixed(3) })}</span>
          <button type="button" class="tool quiet" onClick={drop}><Icon name="close" />{t("calibrate.level_drop")}</button>
        </p>
      )}
      <div class="actions">
        <button type="button" disabled={busy} onClick={() => void measure("edges")}>{t("calibrate.level_edges")}</button>
        <button type="button" disabled={busy} onClick={() => void measure("chart")}>{t("calibrate.level_chart")}</button>
      </div>
      {said && <p class={said.failed ? "failed" : "good tone"} role="status">{said.text}</p>}
      <p class="hint"><a href={CHART} target="_blank" rel="noopener">{t("calibrate.chart_file")}</a> {t("calibrate.chart_hint")}</p>
    </Section>
  );
}
