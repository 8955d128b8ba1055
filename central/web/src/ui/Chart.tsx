import type { EChartsCoreOption } from "echarts/core";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Colours, colours } from "../chart/theme";
import { lang, t } from "../i18n";
import { theme } from "../theme";
import { type Column, DataTable } from "./DataTable";
import { Skeleton } from "./states";

interface Props<Row> {
  /** What the chart shows, as its caption. */
  title: string;
  /** What it says, in a sentence: read out in place of the drawing. */
  summary: string;
  /** ECharts' option in the page's colours. */
  option: (colours: Colours) => EChartsCoreOption;
  /** The same figures as a table, behind a button. */
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  height?: number;
}

/** A drawing of figures; the figures themselves are always there as a table. */
export function Chart<Row>({ title, summary, option, columns, rows, keyOf, height = 280 }: Props<Row>) {
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <Drawing summary={summary} option={option} height={height} />
      <details class="chart-table">
        <summary>{t("ui.as_table")}</summary>
        <DataTable caption={title} columns={columns} rows={rows} keyOf={keyOf} />
      </details>
    </figure>
  );
}

function Drawing({ summary, option, height }: { summary: string; option: (colours: Colours) => EChartsCoreOption; height: number }) {
  const place = useRef<HTMLDivElement>(null);
  const [engine, setEngine] = useState<typeof import("../chart/engine").echarts | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    import("../chart/engine").then((module) => setEngine(() => module.echarts), () => setFailed(true));
  }, []);
  const dark = useDark();
  useEffect(() => {
    const element = place.current;
    if (!engine || !element) return undefined;
    const palette = colours(element);
    const chart = engine.init(element, null, { renderer: "svg", locale: lang.value === "en" ? "EN" : "ZH" });
    const base = {
      animation: false,
      textStyle: { color: palette.text, fontFamily: getComputedStyle(element).fontFamily },
      tooltip: { backgroundColor: palette.card, borderColor: palette.line, textStyle: { color: palette.text }, confine: true },
    };
    const own = option(palette) as Record<string, object>;
    chart.setOption({ ...base, ...own, tooltip: { ...base.tooltip, ...own["tooltip"] } });
    const watch = new ResizeObserver(() => chart.resize());
    watch.observe(element);
    return () => {
      watch.disconnect();
      chart.dispose();
    };
  }, [engine, option, dark, lang.value]);
  if (failed) return <p class="muted">{t("ui.no_drawing")}</p>;
  return (
    <div class="drawing" role="img" aria-label={summary} style={{ height: `${height}px` }}>
      {engine ? <div ref={place} style={{ height: "100%" }} aria-hidden="true" /> : <Skeleton lines={4} />}
    </div>
  );
}

/** Whether the page is dark now, by choice or by the system's. */
function useDark(): string {
  const [system, setSystem] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const note = () => setSystem(query.matches);
    query.addEventListener("change", note);
    return () => query.removeEventListener("change", note);
  }, []);
  return `${theme.value} ${system}`;
}
