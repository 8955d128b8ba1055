import { useState } from "preact/hooks";
import { type Schema, client, data } from "../api";
import { type Key, label, maybe, t } from "../i18n";
import { hallOf, halls } from "../live";
import { AddChannel } from "../notify/AddChannel";
import { PushHere } from "../notify/PushHere";
import { spans } from "../notify/spans";
import type { PageProps } from "../pages";
import { go } from "../route";
import { clock } from "../time";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { DataTable } from "../ui/DataTable";
import { Field } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { Page, Section } from "../ui/Page";
import { Pager } from "../ui/Pager";
import { EmptyState } from "../ui/states";
import { complain, tell } from "../ui/toast";
import { Await, useLoad } from "../ui/useLoad";

type State = Schema<"Notifications">;

/** How alerts find people when no board is open. */
export default function Notifications({ query }: PageProps) {
  const hall = hallOf(query);
  const loaded = useLoad(async () => (hall === "" ? null : data(client.GET("/api/v1/halls/{hall}/notifications", { params: { path: { hall } } }))), [hall]);
  const chooser = halls.value.length > 1 && (
    <Field label={t("ui.hall")}>
      <select name="hall" value={hall} onChange={(e) => go(`/notifications?hall=${e.currentTarget.value}`)}>{halls.value.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}</select>
    </Field>
  );
  return (
    <Page title={t("notify.title")} lead={t("notify.lead")} actions={chooser}>
      <PushHere />
      {hall === "" ? <EmptyState title={t("ui.no_halls")} icon="bell" /> : (
        <Await of={loaded} lines={6}>
          {(state) => state && (
            <div class="page">
              <Channels hall={hall} state={state} reload={loaded.reload} />
              <When key={hall} hall={hall} state={state} />
              <Sent key={`sent-${hall}`} hall={hall} state={state} />
            </div>
          )}
        </Await>
      )}
    </Page>
  );
}

function Channels({ hall, state, reload }: { hall: string; state: State; reload: () => Promise<void> }) {
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<string | null>(null);
  const attempt = (id: string) =>
    void client.POST("/api/v1/halls/{hall}/channels/{id}/test", { params: { path: { hall, id } } }).then(() => {
      tell(t("notify.tested"));
      setTimeout(() => void reload(), 2500);
    }, complain);
  return (
    <Section title={t("notify.channels")} lead={t("notify.channels_lead")} actions={<button type="button" class="primary" onClick={() => setAdding(true)}><Icon name="plus" />{t("notify.add")}</button>}>
      {!state.link && <p class="notice">{t("notify.no_link")}</p>}
      <DataTable
        caption={t("notify.channels")} rows={state.channels} keyOf={(channel) => channel.id}
        columns={[
          { id: "name", name: t("notify.name"), cell: (c) => <>{c.name} <span class="muted">{t(`notify.kind.${c.kind}` as Key)}</span></> },
          { id: "target", name: t("notify.to"), cell: (c) => c.target },
          { id: "severity", name: t("notify.severity"), cell: (c) => label("severity", c.severity) },
          { id: "when", name: t("notify.when"), cell: (c) => [c.escalation ? t("notify.escalation") : t("notify.occasion.alerts"), c.detailed ? t("notify.detailed") : ""].filter(Boolean).join(t("text.list_separator")) },
          { id: "act", name: "", cell: (c) => <span class="actions"><button type="button" class="tool" onClick={() => attempt(c.id)}>{t("notify.test")}</button><button type="button" class="tool" onClick={() => setRemoving(c.id)}>{t("notify.drop")}</button></span> },
        ]}
        empty={<EmptyState title={t("notify.none")} icon="bell" />}
      />
      {adding && <AddChannel hall={hall} mail={state.mail} done={reload} onClose={() => setAdding(false)} />}
      {removing !== null && (
        <ConfirmDialog
          title={t("notify.remove")} description={t("notify.remove_ask")} confirm={t("notify.remove")} danger onClose={() => setRemoving(null)}
          act={() => client.DELETE("/api/v1/halls/{hall}/channels/{id}", { params: { path: { hall, id: removing } } }).then(reload)}
        />
      )}
    </Section>
  );
}

function When({ hall, state }: { hall: string; state: State }) {
  const [quiet, setQuiet] = useState(state.quiet.join(", "));
  const [minutes, setMinutes] = useState(String(state.escalate_min));
  const save = (submit: Event) => {
    submit.preventDefault();
    const body = { quiet: spans(quiet), escalate_min: Number(minutes) };
    client.PUT("/api/v1/halls/{hall}/notifications", { params: { path: { hall } }, body }).then(() => tell(t("notify.saved")), complain);
  };
  return (
    <Section title={t("notify.when")} lead={t("notify.when_lead")}>
      <form class="form" onSubmit={save}>
        <Field label={t("notify.quiet")} hint={t("notify.quiet_hint")}><input name="quiet" value={quiet} onInput={(e) => setQuiet(e.currentTarget.value)} /></Field>
        <Field label={t("notify.escalate")}><input type="number" name="escalate" min={1} max={240} required value={minutes} onInput={(e) => setMinutes(e.currentTarget.value)} /></Field>
        <div class="actions"><button type="submit" class="primary">{t("ui.save")}</button></div>
      </form>
    </Section>
  );
}

/** Why a message was not sent: a word of central's, or what the other side said. */
function why(error: string): string {
  return maybe(`notify.error.${error}`) ?? t("notify.error_said", { text: error });
}

/** What was sent in the last days, and how that went. */
function Sent({ hall, state }: { hall: string; state: State }) {
  const [page, setPage] = useState(1);
  const loaded = useLoad(() => data(client.GET("/api/v1/halls/{hall}/deliveries", { params: { path: { hall }, query: { page } } })), [hall, page, state]);
  const name = (id: string | null) => (id === null ? t("notify.browser") : (state.channels.find((c) => c.id === id)?.name ?? t("notify.channel_gone")));
  return (
    <Section title={t("notify.sent")}>
      <Await of={loaded} lines={4}>
        {({ deliveries, per_page, total }) => (
          <>
            <DataTable
              caption={t("notify.sent")} rows={deliveries} keyOf={(one) => one.id}
              columns={[
                { id: "at", name: t("audit.at"), cell: (d) => clock(d.made_at) },
                { id: "to", name: t("notify.to"), cell: (d) => name(d.channel) },
                { id: "what", name: t("notify.what"), cell: (d) => `${t(`notify.occasion.${d.occasion}` as Key)}${d.count > 0 ? ` ${d.count}` : ""}` },
                { id: "state", name: t("ui.state"), cell: (d) => <>{t(`notify.state.${d.state}` as Key)}{d.error !== "" && <span class="muted"> {t("notify.tries", { n: d.tries })} · {why(d.error)}</span>}</> },
              ]}
              empty={<EmptyState title={t("notify.sent_none")} icon="bell" />}
            />
            <Pager page={page} perPage={per_page} total={total} onPage={setPage} />
          </>
        )}
      </Await>
    </Section>
  );
}
