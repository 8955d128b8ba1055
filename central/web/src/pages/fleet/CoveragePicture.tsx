import { writtenAt } from "../../format";
import { lang, label, t } from "../../i18n";
import { percent } from "../../time";
import { DataTable } from "../../ui/DataTable";
import { EmptyState } from "../../ui/states";
import { type AgentHours, type Day, type WindowHours, byDay, mean, step } from "./fleet";

const STEPS = ["none", "0", "1", "2", "3", "4"] as const;

/** Hour by hour how much was observed, window by window: darker is more; an hatched hour counted nothing. */
export function CoveragePicture({ coverage }: { coverage: AgentHours }) {
  if (coverage.windows.length === 0) return <EmptyState icon="unknown" title={t("fleet.no_coverage")} hint={t("fleet.no_coverage_hint")} />;
  return (
    <div class="coverage">
      {coverage.windows.map((window) => <Row key={window.window} from={coverage.from} window={window} />)}
      <p class="legend" aria-hidden="true">
        {STEPS.map((one) => <span key={one}><i class={`hour step-${one}`} />{label("fleet.step", one)}</span>)}
      </p>
      <details>
        <summary>{t("ui.as_table")}</summary>
        <Figures coverage={coverage} />
      </details>
    </div>
  );
}

function Row({ from, window }: { from: string; window: WindowHours }) {
  const days = byDay(from, window.observed);
  const all = mean(days.flatMap((day) => day.hours));
  const name = t("ui.window", { window: window.window });
  return (
    <div class="coverage-row">
      <span class="coverage-name">{name}</span>
      <div class="coverage-days" role="img" aria-label={`${name}：${all === null ? t("fleet.nothing_counted") : t("fleet.mean", { share: percent(all) })}`}>
        {days.map((day) => <DayStrip key={day.at.getTime()} day={day} />)}
      </div>
    </div>
  );
}

function DayStrip({ day }: { day: Day }) {
  return (
    <div class="coverage-day" style={{ flexGrow: day.hours.length }}>
      <div class="hours">
        {day.hours.map(({ at, share }) => (
          <i key={at.getTime()} class={`hour step-${step(share)}`} title={`${writtenAt(at, lang.value, { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false })} ${share === null ? t("fleet.nothing_counted") : percent(share)}`} />
        ))}
      </div>
      <small>{dayName(day.at)}</small>
    </div>
  );
}

function dayName(at: Date): string {
  return writtenAt(at, lang.value, { month: "numeric", day: "numeric" });
}

function Figures({ coverage }: { coverage: AgentHours }) {
  const days = byDay(coverage.from, coverage.windows[0]?.observed ?? []);
  return (
    <DataTable
      caption={t("fleet.coverage")}
      columns={[
        { id: "window", name: t("ui.window_label"), cell: (w: WindowHours) => w.window },
        ...days.map((day, i) => ({
          id: String(i),
          name: dayName(day.at),
          number: true,
          cell: (w: WindowHours) => {
            const share = mean(byDay(coverage.from, w.observed)[i]?.hours ?? []);
            return share === null ? "—" : percent(share);
          },
        })),
        ...Object.keys(coverage.windows[0]?.signals ?? {}).map((signal) => ({
          id: signal,
          name: label("signal", signal),
          number: true,
          cell: (w: WindowHours) => {
            const share = w.signals[signal];
            return share === null || share === undefined ? "—" : percent(share);
          },
        })),
      ]}
      rows={coverage.windows}
      keyOf={(w) => w.window}
    />
  );
}
