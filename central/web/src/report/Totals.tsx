import { t } from "../i18n";
import { Figure } from "./Figure";
import { hours, share } from "./charts";
import { LOW_COVERAGE, type Report, due } from "./data";

/** A bar of observed, unknown and unreported duty time. */
export function CoverageBar({ of }: { of: { observed_h: number; unknown_h: number; unreported_h: number; coverage: number | null } }) {
  if (of.coverage === null) return <span class="muted">{t("report.no_duty")}</span>;
  const part = (h: number) => `${(h / (of.observed_h + of.unknown_h + of.unreported_h)) * 100}%`;
  return (
    <span class={`coverage-bar ${of.coverage < LOW_COVERAGE ? "low" : ""}`} title={share(of)}>
      <span class="observed" style={{ width: part(of.observed_h) }} />
      <span class="unknown-part" style={{ width: part(of.unknown_h) }} />
    </span>
  );
}

/** What a report comes to: never a count without the time it rests on. */
export function Totals({ report }: { report: Report }) {
  const { total } = report;
  const low = total.coverage !== null && total.coverage < LOW_COVERAGE;
  return (
    <>
      {low && <p class="notice warning" role="status">{t("report.low_coverage", { coverage: share(total) })}</p>}
      <dl class="figures">
        <Figure of="counted" value={total.counted} note={report.zones > 0 ? t("report.of_zones", { n: report.zones }) : undefined} />
        <Figure of="coverage" value={share(total)} note={<CoverageBar of={total} />} />
        <Figure of="observed_h" value={hours(total.observed_h)} note={t("report.of_due", { n: due(total).toFixed(1) })} />
        <Figure
          of="rate"
          value={total.rate === null ? "–" : total.rate.toFixed(1)}
          note={total.rate === null ? t("report.no_rate", { n: report.rate_hours }) : t("report.rests_on", { n: total.observed_h.toFixed(1) })}
        />
      </dl>
    </>
  );
}

/** What does not count, and why: apart from what does. */
export function Apart({ report }: { report: Report }) {
  const { total } = report;
  return (
    <dl class="figures small">
      <Figure of="waiting" value={total.waiting} />
      <Figure of="contested" value={total.contested} />
      <Figure of="void" value={total.void} />
      <Figure of="unknown_h" value={hours(total.unknown_h)} />
      <Figure of="unreported_h" value={hours(total.unreported_h)} />
    </dl>
  );
}
