import { type Schema, client, data } from "../api";
import { isDay } from "../calendar";
import { lang, say, t } from "../i18n";
import type { PageProps } from "../pages";
import { go } from "../route";
import { percent } from "../time";
import { DataTable } from "../ui/DataTable";
import { Field } from "../ui/Field";
import { Page, Section } from "../ui/Page";
import { EmptyState } from "../ui/states";
import { Await, useLoad } from "../ui/useLoad";

type Row = { key: string; name: string; figures: Schema<"AggregateFigures"> | null; coverage: number | null; why: string };

/** A district auditor's month: whole halls, small groups withheld. */
export default function Aggregate({ query }: PageProps) {
  const asked = query.get("month");
  const month = isDay(`${asked}-01`) ? asked! : new Date().toISOString().slice(0, 7);
  const loaded = useLoad(() => data(client.GET("/api/v1/reports/aggregate", { params: { query: { month } } })), [month, lang.value]);
  return (
    <Page title={t("aggregate.title")} lead={t("aggregate.lead", { n: loaded.data?.fewest ?? 5 })}>
      <form class="filters" onSubmit={(e) => e.preventDefault()}>
        <Field label={t("aggregate.month")}><input type="month" name="month" value={month} onChange={(e) => e.currentTarget.value && go(`/aggregate?month=${e.currentTarget.value}`)} /></Field>
      </form>
      <Await of={loaded} lines={6}>{(told) => <Told told={told} />}</Await>
    </Page>
  );
}

function Told({ told }: { told: Schema<"Aggregate"> }) {
  const withheld = t("aggregate.withheld", { n: told.fewest });
  const rows: Row[] = told.halls.map((hall) => ({ key: hall.hall, name: hall.name, figures: hall.figures, coverage: hall.coverage, why: withheld }));
  if (told.halls.length > 1) rows.push({ key: "", name: t("aggregate.total"), figures: told.total, coverage: null, why: t("aggregate.total_withheld", { n: told.fewest }) });
  return (
    <div class="page">
      <DataTable
        caption={t("aggregate.title")} rows={rows} keyOf={(row) => row.key}
        columns={[
          { id: "hall", name: t("ui.hall"), cell: (row) => row.name },
          { id: "counted", name: t("report.counted"), number: true, cell: (row) => row.figures?.counted ?? <span class="muted withheld">{row.why}</span> },
          { id: "observed", name: t("report.observed_h"), number: true, cell: (row) => row.figures?.observed_h.toFixed(1) ?? "–" },
          { id: "people", name: t("aggregate.people"), number: true, cell: (row) => row.figures?.people ?? "–" },
          { id: "coverage", name: t("report.coverage"), number: true, cell: (row) => (row.coverage === null ? "–" : percent(row.coverage)) },
        ]}
        empty={<EmptyState title={t("ui.no_halls")} icon="chart" />}
      />
      {told.halls.filter((hall) => hall.figures !== null).map((hall) => (
        <Section key={hall.hall} title={`${hall.name} · ${t("aggregate.rules")}`}>
          <DataTable
            caption={hall.name} rows={hall.figures?.rules ?? []} keyOf={(rule) => rule.rule}
            columns={[
              { id: "rule", name: t("ui.rule"), cell: (rule) => say(rule.title) },
              { id: "article", name: t("ui.article_label"), cell: (rule) => rule.article },
              { id: "counted", name: t("report.counted"), number: true, cell: (rule) => rule.counted },
            ]}
            empty={<EmptyState title={t("aggregate.none")} />}
          />
        </Section>
      ))}
    </div>
  );
}
