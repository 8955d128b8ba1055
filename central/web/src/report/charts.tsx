/** The drawings of a report. Each has its figures as a table, and coverage is in every one of them. */

import { useCallback } from "preact/hooks";
import type { Colours } from "../chart/theme";
import { lang, say, t } from "../i18n";
import { percent } from "../time";
import { Chart } from "../ui/Chart";
import type { Column } from "../ui/DataTable";
import { BLIND, type Report, type Tally, pareto, worked } from "./data";

/** How much was observed; a dash where nothing was due. */
export function share(tally: Pick<Tally, "coverage">): string {
  return tally.coverage === null ? "–" : percent(tally.coverage);
}

export function hours(h: number): string {
  return t("report.hours_n", { n: h.toFixed(1) });
}

/** The columns that every table of a report has. */
export function tallyColumns<Row extends Tally>(): Column<Row>[] {
  return [
    { id: "counted", name: t("report.counted"), number: true, cell: (row) => row.counted },
    { id: "waiting", name: t("report.waiting"), number: true, cell: (row) => row.waiting },
    { id: "contested", name: t("report.contested"), number: true, cell: (row) => row.contested },
    { id: "void", name: t("report.void"), number: true, cell: (row) => row.void },
    { id: "observed", name: t("report.observed_h"), number: true, cell: (row) => row.observed_h.toFixed(1) },
    { id: "coverage", name: t("report.coverage"), number: true, cell: (row) => share(row) },
  ];
}

const axes = (c: Colours) => ({
  axisLabel: { color: c.muted },
  axisLine: { lineStyle: { color: c.line } },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: c.line } },
});

function shared(c: Colours) {
  return {
    grid: { left: 8, right: 8, top: 34, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 10, textStyle: { color: c.muted } },
    tooltip: { trigger: "axis" },
  };
}

/** Bars of events with the share of observed time as a line above them: both on one drawing, so that neither is read alone. */
function barsWithCoverage(c: Colours, names: string[], rows: readonly Tally[]) {
  const coverage = rows.map((row) => (row.coverage === null ? null : Math.round(row.coverage * 100)));
  return {
    ...shared(c),
    xAxis: { type: "category", data: names, ...axes(c), splitLine: { show: false } },
    yAxis: [
      { type: "value", minInterval: 1, ...axes(c) },
      { type: "value", min: 0, max: 100, ...axes(c), splitLine: { show: false }, axisLabel: { color: c.muted, formatter: "{value}%" } },
    ],
    series: [
      { name: t("report.counted"), type: "bar", stack: "events", color: c.series[0], barMaxWidth: 26, data: rows.map((row) => row.counted) },
      { name: t("report.waiting"), type: "bar", stack: "events", color: c.series[4], barMaxWidth: 26, data: rows.map((row) => row.waiting) },
      {
        name: t("report.coverage"), type: "line", yAxisIndex: 1, color: c.series[2], data: coverage, symbol: "circle", symbolSize: 5,
        lineStyle: { type: "dashed", width: 2 }, tooltip: { valueFormatter: (value: number | null) => (value === null ? "–" : `${value}%`) },
      },
    ],
  };
}

export function Trend({ report }: { report: Report }) {
  const days = worked(report.days);
  const option = useCallback((c: Colours) => barsWithCoverage(c, days.map((day) => day.day.slice(5)), days), [report]);
  return (
    <Chart
      title={t("report.trend")}
      summary={t("report.trend.says", { n: report.total.counted, days: days.length, coverage: share(report.total) })}
      option={option}
      columns={[{ id: "day", name: t("report.day"), cell: (day) => day.day }, ...tallyColumns<Report["days"][number]>()]}
      rows={days}
      keyOf={(day) => day.day}
    />
  );
}

export function Hours({ report }: { report: Report }) {
  const name = (hour: number) => `${String(hour).padStart(2, "0")}:00`;
  const option = useCallback((c: Colours) => barsWithCoverage(c, report.hours.map((h) => name(h.hour)), report.hours), [report]);
  const busiest = [...report.hours].sort((a, b) => b.counted - a.counted)[0];
  return (
    <Chart
      title={t("report.by_hours")}
      summary={busiest && busiest.counted > 0 ? t("report.hours.says", { hour: name(busiest.hour), n: busiest.counted }) : t("report.nothing_counted")}
      option={option}
      columns={[{ id: "hour", name: t("report.hour"), cell: (hour) => name(hour.hour) }, ...tallyColumns<Report["hours"][number]>()]}
      rows={report.hours}
      keyOf={(hour) => String(hour.hour)}
    />
  );
}

export function Pareto({ report }: { report: Report }) {
  const bars = pareto(report.rules);
  const option = useCallback(
    (c: Colours) => ({
      ...shared(c),
      xAxis: { type: "category", data: bars.map((bar) => say(bar.rule.title)), ...axes(c), axisLabel: { color: c.muted, interval: 0, width: bars.length > 5 ? 110 : 88, overflow: bars.length > 5 ? "truncate" : "break", rotate: bars.length > 5 ? 32 : 0, lineHeight: 15 } },
      yAxis: [
        { type: "value", minInterval: 1, ...axes(c) },
        { type: "value", min: 0, max: 100, ...axes(c), splitLine: { show: false }, axisLabel: { color: c.muted, formatter: "{value}%" } },
      ],
      series: [
        { name: t("report.counted"), type: "bar", color: c.series[0], barMaxWidth: 42, data: bars.map((bar) => bar.rule.counted) },
        {
          name: t("report.cumulated"), type: "line", yAxisIndex: 1, color: c.series[1], symbol: "circle", symbolSize: 6,
          data: bars.map((bar) => Math.round(bar.cumulated * 100)), tooltip: { valueFormatter: (value: number) => `${value}%` },
        },
      ],
    }),
    [report],
  );
  const first = bars[0];
  return (
    <Chart
      title={t("report.pareto")}
      summary={first ? t("report.pareto.says", { rule: say(first.rule.title), share: percent(first.cumulated) }) : t("report.nothing_counted")}
      option={option}
      columns={[
        { id: "rule", name: t("report.rule"), cell: (bar) => say(bar.title) },
        { id: "article", name: t("ui.article_label"), cell: (bar) => bar.article },
        ...tallyColumns<Report["rules"][number]>(),
      ]}
      rows={report.rules}
      keyOf={(bar) => bar.rule}
    />
  );
}

export function Calendar({ report }: { report: Report }) {
  const most = Math.max(1, ...report.days.map((day) => day.counted));
  const option = useCallback(
    (c: Colours) => {
      const blind = (day: Report["days"][number]) => day.coverage !== null && day.coverage < BLIND;
      return {
        tooltip: { formatter: (at: { data: { value: [string, number]; coverage: string } }) => t("report.calendar.tip", { day: at.data.value[0], n: at.data.value[1], coverage: at.data.coverage }) },
        visualMap: { show: false, min: 0, max: most, inRange: { color: c.scale } },
        calendar: {
          range: [report.from, report.to], top: 30, left: 42, right: 6, bottom: 4, cellSize: ["auto", "auto"],
          itemStyle: { color: "transparent", borderColor: c.line, borderWidth: 1 }, splitLine: { lineStyle: { color: c.muted, width: 1 } },
          dayLabel: { firstDay: 1, color: c.muted, nameMap: lang.value === "en" ? "en" : "cn" }, monthLabel: { color: c.muted, nameMap: lang.value === "en" ? "en" : "cn" }, yearLabel: { show: false },
        },
        series: [
          {
            type: "heatmap", coordinateSystem: "calendar", itemStyle: { borderColor: c.card, borderWidth: 2 },
            label: { show: true, formatter: (at: { data: { text: string } }) => at.data.text, fontSize: 11 },
            data: worked(report.days).map((day) => ({
              value: [day.day, day.counted], coverage: share(day), text: blind(day) ? "?" : String(day.counted),
              label: { color: blind(day) ? c.muted : day.counted > most * 0.6 ? c.card : c.text },
              ...(blind(day) && { visualMap: false, itemStyle: { color: c.line } }),
            })),
          },
        ],
      };
    },
    [report, lang.value],
  );
  const blindDays = report.days.filter((day) => day.coverage !== null && day.coverage < BLIND).length;
  return (
    <Chart
      title={t("report.calendar")}
      summary={t("report.calendar.says", { blind: blindDays })}
      option={option}
      height={230}
      columns={[{ id: "day", name: t("report.day"), cell: (day) => day.day }, ...tallyColumns<Report["days"][number]>()]}
      rows={worked(report.days)}
      keyOf={(day) => day.day}
    />
  );
}
