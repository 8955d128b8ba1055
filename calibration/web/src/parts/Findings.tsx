import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import type { Finding } from "../api";
import { type Shape, pointsOf } from "../editor/draft";
import { box } from "../editor/geometry";
import { zoomTo } from "../stage/gestures";
import { zoomOf } from "../stage/view";
import { draft, findings, select } from "../work";
import { placeOf, sentence } from "./names";

interface Props {
  of?: (finding: Finding) => boolean;
  /** Warnings in one line for each window. */
  brief?: boolean;
}

/** What the agent says of the draft, problems first; each leads to its place. */
export function Findings({ of = () => true, brief = false }: Props) {
  const problems = findings.value.problems.filter(of);
  const warnings = findings.value.warnings.filter(of);
  if (problems.length + warnings.length === 0) return null;
  return (
    <ul class="findings" aria-label={t("calibrate.findings")} aria-live="polite">
      {problems.map((finding) => <Row key={keyOf(finding)} finding={finding} tone="critical" />)}
      {brief && grouped(warnings).map((some) => <Row key={keyOf(some[0]!)} finding={some[0]!} tone="warning" n={some.length} />)}
      {!brief && warnings.map((finding) => <Row key={keyOf(finding)} finding={finding} tone="warning" />)}
    </ul>
  );
}

/** One finding, or how many of them a window has. */
function Row({ finding, tone, n = 1 }: { finding: Finding; tone: "critical" | "warning"; n?: number }) {
  const { place, code, values } = finding;
  return (
    <li>
      <button type="button" class={`finding ${tone}`} onClick={() => show(finding)}>
        <Icon name={tone === "critical" ? "critical" : "warning"} />
        <span>
          <strong>{n > 1 ? t("ui.window", { window: place.id }) : placeOf(place)}</strong>{" "}
          {n > 1 ? t("calibrate.hints", { n }) : sentence("calibration.finding", code, values)}
        </span>
      </button>
    </li>
  );
}

const keyOf = ({ place, code, values }: Finding): string => JSON.stringify([place, code, values]);

function grouped(all: readonly Finding[]): Finding[][] {
  const groups = new Map<string, Finding[]>();
  for (const finding of all) {
    const place = `${finding.place.kind}/${finding.place.id}`;
    groups.set(place, [...(groups.get(place) ?? []), finding]);
  }
  return [...groups.values()];
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
