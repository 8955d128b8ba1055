import { useState } from "preact/hooks";
import { type Schema, client, data } from "../../api";
import { label, t } from "../../i18n";
import { PushHere } from "../../notify/PushHere";
import { clock } from "../../time";
import { DataTable } from "../../ui/DataTable";
import { Icon } from "../../ui/Icon";
import { Page, Section } from "../../ui/Page";
import { EmptyState } from "../../ui/states";
import { complain } from "../../ui/toast";
import { Await, useLoad } from "../../ui/useLoad";
import { who } from "../../words";
import "../../styles/me.css";

type Look = Schema<"AccessView">;

/** Everything that is held about oneself: a copy of it, how long it is kept, who looked. */
export default function Data() {
  return (
    <Page title={t("me.rights")} lead={t("me.rights_lead")}>
      <div class="columns me">
        <Section title={t("me.copy")} lead={t("me.export_lead")}>
          <p><a class="button primary" href="/api/v1/me/export" download><Icon name="download" />{t("me.export")}</a></p>
          <p class="muted">{t("me.not_held")}</p>
        </Section>
        <Kept />
      </div>
      <Looks />
      <PushHere />
    </Page>
  );
}

/** What is kept and for how long. */
function Kept() {
  const loaded = useLoad(() => data(client.GET("/api/v1/retention")), []);
  return (
    <Section title={t("me.kept")} lead={t("me.kept_lead")}>
      <Await of={loaded}>
        {({ classes }) => (
          <ul class="tally">
            {classes.map((one) => (
              <li key={one.class}>
                <span>{label("retention", one.class)}<br /><span class="muted">{label("retention", `${one.class}.what`)}</span></span>
                <span class="n">{t("retention.days", { n: one.days })}</span>
              </li>
            ))}
          </ul>
        )}
      </Await>
    </Section>
  );
}

/** Who looked at what happened at one's posts, newest first. */
function Looks() {
  const [older, setOlder] = useState<Look[]>([]);
  const [next, setNext] = useState<number | null | undefined>(undefined);
  const loaded = useLoad(() => data(client.GET("/api/v1/me/looks")), []);
  const more = async (before: number) => {
    try {
      const page = await data(client.GET("/api/v1/me/looks", { params: { query: { before } } }));
      setOlder([...older, ...page.entries]);
      setNext(page.next);
    } catch (error) {
      complain(error);
    }
  };
  return (
    <Section title={t("me.looks")} lead={t("me.looks_lead")}>
      <Await of={loaded}>
        {(first) => {
          const before = next === undefined ? first.next : next;
          return (
            <>
              <DataTable
                caption={t("me.looks")} rows={[...first.entries, ...older]} keyOf={(look) => String(look.id)}
                columns={[
                  { id: "at", name: t("audit.at"), cell: (look) => clock(look.at) },
                  { id: "who", name: t("audit.who"), cell: (look) => `${who(look.name)}${look.role ? ` · ${label("role", look.role)}` : ""}` },
                  { id: "action", name: t("audit.action"), cell: (look) => label("audit", look.action) },
                  { id: "period", name: t("me.looked_at"), cell: period },
                ]}
                empty={<EmptyState title={t("me.looks_none")} icon="shield" />}
              />
              {before !== null && <nav class="pager" aria-label={t("ui.pager")}><button type="button" class="tool" onClick={() => void more(before)}>{t("audit.older")}</button></nav>}
            </>
          );
        }}
      </Await>
    </Section>
  );
}

/** What time the look was about; everything that was kept where the log names none. */
function period(look: Look): string {
  if (look.event) return t("me.one_event");
  if (!look.from && !look.to) return t("me.all_kept");
  return `${look.from ? clock(look.from) : "…"} – ${look.to ? clock(look.to) : "…"}`;
}
