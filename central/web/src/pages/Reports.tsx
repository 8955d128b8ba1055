import { client, data } from "../api";
import { lang, t } from "../i18n";
import { hallOf, halls } from "../live";
import type { PageProps } from "../pages";
import { Definitions } from "../report/Figure";
import { Apart, Totals } from "../report/Totals";
import { Windows } from "../report/Windows";
import { Calendar, Hours, Pareto, Trend } from "../report/charts";
import { type Period, last, month, period } from "../report/data";
import { go } from "../route";
import { Field } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { Page, Section } from "../ui/Page";
import { EmptyState } from "../ui/states";
import { Await, useLoad } from "../ui/useLoad";

/** How a hall's windows were kept over time, beside how much of that time could be observed. */
export default function Reports({ query }: PageProps) {
  const hall = hallOf(query);
  const asked = { hall, ...period(query, last(new Date(), 28)), ...(query.get("window") && { window: query.get("window")! }) };
  const key = JSON.stringify(asked);
  const loaded = useLoad(async () => (hall === "" ? null : data(client.GET("/api/v1/reports/conduct", { params: { query: asked } }))), [key]);
  const file = (ending: string) => `/api/v1/reports/conduct.${ending}?${new URLSearchParams({ ...asked, lang: lang.value })}`;
  const paper = `/reports/paper?${new URLSearchParams({ hall, from: asked.from, to: asked.to })}`;
  const actions = (
    <>
      <a class="button" href={paper}><Icon name="print" />{t("report.paper")}</a>
      <a class="button" href={file("xlsx")} download><Icon name="download" />XLSX</a>
      <a class="button" href={file("csv")} download><Icon name="download" />CSV</a>
    </>
  );
  return (
    <Page title={t("report.title")} lead={t("report.lead")} actions={hall !== "" && actions}>
      <Choices asked={asked} />
      {hall === "" ? (
        <EmptyState title={t("ui.no_halls")} icon="chart" />
      ) : (
        <Await of={loaded} lines={10}>
          {(report) =>
            report && (
              <div class="page">
                <Section title={t("report.summary")}><Totals report={report} /></Section>
                <div class="columns">
                  <Section title={t("report.over_time")}><Trend report={report} /></Section>
                  <Section title={t("report.by_days")}><Calendar report={report} /></Section>
                  <Section title={t("report.by_rules")}><Pareto report={report} /></Section>
                  <Section title={t("report.over_day")}><Hours report={report} /></Section>
                </div>
                <Section title={t("report.by_windows")} lead={t("report.no_ranking")}><Windows report={report} /></Section>
                <Section title={t("report.apart")} lead={t("report.fair")}><Apart report={report} /></Section>
                <details><summary>{t("report.definitions")}</summary><Definitions /></details>
              </div>
            )
          }
        </Await>
      )}
    </Page>
  );
}

function Choices({ asked }: { asked: { hall: string; from: string; to: string; window?: string } }) {
  const change = (next: Partial<typeof asked>) => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...asked, ...next })) if (value) query.set(name, value);
    go(`/reports?${query}`);
  };
  const today = new Date();
  const periods: [string, Period][] = [
    [t("report.period.days7"), last(today, 7)],
    [t("report.period.days28"), last(today, 28)],
    [t("report.period.month"), month(today, 0)],
    [t("report.period.last_month"), month(today, 1)],
  ];
  const chosen = periods.findIndex(([, period]) => period.from === asked.from && period.to === asked.to);
  const windows = halls.value.find((hall) => hall.id === asked.hall)?.windows ?? [];
  return (
    <form class="filters no-print" onSubmit={(event) => event.preventDefault()}>
      {halls.value.length > 1 && (
        <Field label={t("ui.hall")}>
          <select name="hall" value={asked.hall} onChange={(e) => change({ hall: e.currentTarget.value, window: "" })}>
            {halls.value.map((hall) => <option key={hall.id} value={hall.id}>{hall.name}</option>)}
          </select>
        </Field>
      )}
      <Field label={t("ui.window_label")}>
        <select name="window" value={asked.window ?? ""} onChange={(e) => change({ window: e.currentTarget.value })}>
          <option value="">{t("ui.all")}</option>
          {windows.map((window) => <option key={window.id} value={window.id}>{window.name}</option>)}
        </select>
      </Field>
      <Field label={t("report.period")}>
        <select name="period" value={String(chosen)} onChange={(e) => change(periods[Number(e.currentTarget.value)]?.[1] ?? {})}>
          {chosen < 0 && <option value="-1">{t("report.period.own")}</option>}
          {periods.map(([name], i) => <option key={name} value={String(i)}>{name}</option>)}
        </select>
      </Field>
      <Field label={t("ui.from")}><input type="date" value={asked.from} max={asked.to} onChange={(e) => e.currentTarget.value && change({ from: e.currentTarget.value })} /></Field>
      <Field label={t("ui.to")}><input type="date" value={asked.to} min={asked.from} onChange={(e) => e.currentTarget.value && change({ to: e.currentTarget.value })} /></Field>
    </form>
  );
}
