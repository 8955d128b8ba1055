import { client, data } from "../api";
import { writtenAt } from "../format";
import { lang, t } from "../i18n";
import { hallOf } from "../live";
import type { PageProps } from "../pages";
import { Definitions } from "../report/Figure";
import { Apart, Totals } from "../report/Totals";
import { Windows } from "../report/Windows";
import { Calendar, Hours, Pareto, Trend } from "../report/charts";
import { month, period } from "../report/data";
import { Icon } from "../ui/Icon";
import { Await, useLoad } from "../ui/useLoad";

/** A report as a document: on the screen as it will be on paper, printed or kept as PDF by the browser. */
export default function Paper({ query }: PageProps) {
  const hall = hallOf(query);
  const asked = { hall, ...period(query, month(new Date(), 1)) };
  const loaded = useLoad(async () => (hall === "" ? null : data(client.GET("/api/v1/reports/conduct", { params: { query: asked } }))), [JSON.stringify(asked)]);
  return (
    <div class="paper-page">
      <p class="no-print paper-tools">
        <a class="button" href={`/reports?${new URLSearchParams(asked)}`}><Icon name="back" />{t("report.title")}</a>
        <button type="button" class="primary" onClick={() => window.print()}><Icon name="print" />{t("report.print")}</button>
      </p>
      <Await of={loaded} lines={10}>
        {(report) => report && (
          <main class="paper" id="main" data-ready>
            <header>
              <h1>{t("report.paper_title")}</h1>
              <p>{report.hall_name} · {report.from} – {report.to}</p>
              <p class="muted">{t("report.made_at", { time: writtenAt(new Date(report.made_at), lang.value, { timeZone: report.timezone, dateStyle: "medium", timeStyle: "short" }) })}</p>
            </header>
            <section><h2>{t("report.summary")}</h2><Totals report={report} /></section>
            <section><Trend report={report} /></section>
            <section><Calendar report={report} /></section>
            <section><Pareto report={report} /></section>
            <section><Hours report={report} /></section>
            <section><h2>{t("report.by_windows")}</h2><Windows report={report} /></section>
            <section><h2>{t("report.apart")}</h2><p class="muted">{t("report.fair")}</p><Apart report={report} /></section>
            <section><h2>{t("report.definitions")}</h2><Definitions /></section>
          </main>
        )}
      </Await>
    </div>
  );
}
