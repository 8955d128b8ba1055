import { client, data } from "../api";
import { writtenAt } from "../format";
import { label, lang, t } from "../i18n";
import { clock } from "../time";
import { DataTable } from "../ui/DataTable";
import { Page } from "../ui/Page";
import { Await, useLoad } from "../ui/useLoad";

/** What is kept, for how long, and when the job that deletes last ran. */
export default function Retention() {
  const loaded = useLoad(() => data(client.GET("/api/v1/retention")), []);
  return (
    <Page title={t("retention.title")} lead={t("retention.lead")}>
      <Await of={loaded}>
        {({ classes }) => (
          <DataTable
            caption={t("retention.title")} rows={classes} keyOf={(one) => one.class}
            columns={[
              { id: "class", name: t("retention.class"), cell: (one) => <>{label("retention", one.class)}<br /><span class="muted">{label("retention", `${one.class}.what`)}</span></> },
              { id: "days", name: t("retention.kept"), number: true, cell: (one) => t("retention.days", { n: one.days }) },
              { id: "ran", name: t("retention.ran"), cell: (one) => (one.ran_at ? clock(one.ran_at) : t("retention.never")) },
              { id: "before", name: t("retention.before"), cell: (one) => (one.before ? day(one.before) : "") },
              { id: "deleted", name: t("retention.deleted"), number: true, cell: (one) => one.deleted ?? "" },
            ]}
          />
        )}
      </Await>
      <p class="muted">{t("retention.note")}</p>
    </Page>
  );
}

/** A day with its year: what is kept reaches back over more than one. */
function day(iso: string): string {
  return writtenAt(new Date(iso), lang.value, { year: "numeric", month: "short", day: "numeric" });
}
