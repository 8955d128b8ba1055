import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import type { Finding } from "../api";
import { type Shape, pointsOf } from "../editor/draft";
import { box } from "../editor/geometry";
import { zoomTo } from "../stage/gestures";
import { zoomOf } from "../stage/view";
import { draft, findings, select } from "../work";
import { placeOf, sentence } from "./names";

/** What the agent says of the draft, problems first; each leads to its place. */
export function Findings({ of = () => true }: { of?: (finding: Finding) => boolean }) {
  const problems = findings.value.problems.filter(of);
  const warnings = findings.value.warnings.filter(of);
  if (problems.length + warnings.length === 0) return null;
  const row = (finding: Finding, tone: "critical" | "warning") => (
    <li key={`${finding.code}/${JSON.stringify(finding.place)}`}>
      <button type="button" class={`finding ${tone}`} onClick={() => show(finding)}>
        <Icon name={tone === "critical" ? "critical" : "warning"} />
        <span><strong>{placeOf(finding.place)}</strong> {sentence("calibration.finding", finding.code, finding.values)}</span>
      </button>
    </li>
  );
  return (
    <ul class="findings" aria-label={t("calibrate.findings")} aria-live="polite">
      {problems.map((finding) => row(finding, "critical"))}
      {warnings.map((finding) => row(finding, "warning"))}
    </ul>
  );
}

function show({ place }: Finding): void {
  const shape: Shape | null =
    place.kind === "window" ? { kind: "window", id: place.id, part: place.part === "desk" ? "desk" : "seat" }
    : place.kind === "zone" ? { kind: "zone", id: place.id }
    : place.kind === "mask" ? { kind: "mask", index: place.index }
    : null;
  const points = pointsOf(draft.value, shape);
  if (shape === null || points === null) return;
  select(shape, place.corner ?? null);
  zoomTo(zoomOf(box(points)));
}
