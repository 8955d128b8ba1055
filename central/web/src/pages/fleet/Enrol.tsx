import { useState } from "preact/hooks";
import { type Schema, client, data } from "../../api";
import { label, t } from "../../i18n";
import type { PageProps } from "../../pages";
import { clock } from "../../time";
import { DataTable, NOTHING } from "../../ui/DataTable";
import { explain } from "../../ui/explain";
import { Field } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { Page, Section } from "../../ui/Page";
import { EmptyState } from "../../ui/states";
import { complain, tell } from "../../ui/toast";
import { Await, useLoad } from "../../ui/useLoad";
import { QrCode } from "./QrCode";
import { usePoll } from "./usePoll";
import { who } from "../../words";
import "../../styles/fleet.css";

type Made = Schema<"MadeEnrolment">;
type Enrolment = Schema<"Enrolment">;

const NAME = /^[a-z0-9-]{1,32}$/;
const EVERY_MS = 3000;
const TONES = { open: "info", used: "good", cancelled: "unknown", expired: "unknown" } as const;

/** A token for a new edge machine, and the tokens that were made. */
export default function Enrol({ query }: PageProps) {
  const [made, setMade] = useState<Made | null>(null);
  const loaded = useLoad(() => data(client.GET("/api/v1/enrolments")), []);
  usePoll(loaded.reload, EVERY_MS);
  const cancel = async (one: Enrolment) => {
    try {
      await client.DELETE("/api/v1/enrolments/{id}", { params: { path: { id: one.id }, header: {} as never } });
      if (made?.id === one.id) setMade(null);
      await loaded.reload();
    } catch (error) {
      complain(error);
    }
  };
  const state = loaded.data?.enrolments.find((one) => one.id === made?.id)?.state ?? made?.state;
  return (
    <Page title={t("fleet.enrol")} lead={t("fleet.enrol_lead")} back={{ href: "/fleet", text: t("fleet.title") }}>
      {loaded.data?.ready === false && <p class="notice warning">{t("fleet.not_ready")}</p>}
      <div class="columns">
        <Section title={t("fleet.new_token")}>
          <Form query={query} onMade={(next) => {
            setMade(next);
            void loaded.reload();
          }} />
        </Section>
        {made && state !== undefined && <Section title={t("fleet.on_the_machine", { agent: made.agent })}><Command made={made} state={state} /></Section>}
      </div>
      <Section title={t("fleet.tokens")}>
        <Await of={loaded} lines={4}>
          {({ enrolments }) => (
            <DataTable
              caption={t("fleet.tokens")}
              columns={[
                { id: "agent", name: t("fleet.agent"), cell: (one) => `${one.hall} / ${one.agent}` },
                { id: "state", name: t("ui.state"), cell: (one) => <span class={`badge ${TONES[one.state]}`}>{label("fleet.token", one.state)}</span> },
                { id: "by", name: t("policy.by"), cell: (one) => who(one.by) },
                { id: "until", name: t("fleet.good_until"), cell: (one) => clock(one.expires_at) },
                { id: "used", name: t("fleet.used"), cell: (one) => (one.used_at ? `${clock(one.used_at)} · ${one.used_from ?? ""}` : NOTHING) },
                { id: "do", name: t("policy.actions"), cell: (one) => (one.state === "open" ? <button type="button" onClick={() => void cancel(one)}>{t("fleet.take_back")}</button> : "") },
              ]}
              rows={enrolments}
              keyOf={(one) => one.id}
              empty={<EmptyState icon="key" title={t("fleet.no_tokens")} />}
            />
          )}
        </Await>
      </Section>
    </Page>
  );
}

function Form({ query, onMade }: { query: URLSearchParams; onMade: (made: Made) => void }) {
  const halls = useLoad(async () => (await data(client.GET("/api/v1/policies"))).halls, []);
  const [hall, setHall] = useState(query.get("hall") ?? "");
  const [agent, setAgent] = useState(query.get("agent") ?? "");
  const [hours, setHours] = useState(24);
  const [tried, setTried] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const make = async (event: Event, first: string) => {
    event.preventDefault();
    setTried(true);
    setFailed(null);
    if (!NAME.test(agent)) return;
    try {
      onMade(await data(client.POST("/api/v1/enrolments", { params: { header: {} as never }, body: { hall: hall || first, agent, hours } })));
    } catch (error) {
      setFailed(explain(error));
    }
  };
  return (
    <Await of={halls} lines={3}>
      {(all) => (
        <form class="form" onSubmit={(event) => void make(event, all[0]?.id ?? "")}>
          <Field label={t("ui.hall")}>
            <select name="hall" value={hall || (all[0]?.id ?? "")} onChange={(e) => setHall(e.currentTarget.value)}>
              {all.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
            </select>
          </Field>
          <Field label={t("fleet.agent_name")} hint={t("fleet.agent_hint")} error={tried && !NAME.test(agent) ? t("fleet.agent_hint") : null}>
            <input name="agent" value={agent} autocapitalize="off" autocomplete="off" spellcheck={false} onInput={(e) => setAgent(e.currentTarget.value.trim())} />
          </Field>
          <Field label={t("fleet.good_for")}>
            <select value={hours} onChange={(e) => setHours(Number(e.currentTarget.value))}>
              {[1, 24, 168].map((n) => <option key={n} value={n}>{t("fleet.n_hours", { n })}</option>)}
            </select>
          </Field>
          {failed !== null && <p class="failed" role="alert">{failed}</p>}
          <button class="primary"><Icon name="key" />{t("fleet.make_token")}</button>
        </form>
      )}
    </Await>
  );
}

function Command({ made, state }: { made: Made; state: Enrolment["state"] }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(made.command);
      tell(t("fleet.copied"));
    } catch (error) {
      complain(error);
    }
  };
  if (state === "used") return <p class="notice good" role="status"><Icon name="check" />{t("fleet.enrolled", { agent: made.agent })}</p>;
  if (state !== "open") return <p class="notice">{label("fleet.token", state)}</p>;
  return (
    <div class="enrol">
      <ol class="steps">
        <li>{t("fleet.step_install")}</li>
        <li>{t("fleet.step_run")}</li>
        <li>{t("fleet.step_doctor")}</li>
      </ol>
      <pre class="command"><code>{made.command}</code></pre>
      <div class="actions"><button type="button" class="primary" onClick={() => void copy()}>{t("fleet.copy")}</button></div>
      <QrCode text={made.command} name={t("fleet.qr")} />
      <p class="muted">{t("fleet.once", { time: clock(made.expires_at) })}</p>
    </div>
  );
}
