import { useState } from "preact/hooks";
import { type Schema, client, data } from "../api";
import { FormDialog } from "../account/AccountForm";
import { label, say, t } from "../i18n";
import type { PageProps } from "../pages";
import { go } from "../route";
import { clock, dueWritten, duration, percent } from "../time";
import { Field } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { Page } from "../ui/Page";
import { Pager } from "../ui/Pager";
import { EmptyState } from "../ui/states";
import { Tabs } from "../ui/Tabs";
import { tell } from "../ui/toast";
import { Await, useLoad } from "../ui/useLoad";
import { place, who } from "../words";
import "../styles/duty.css";

type Appeal = Schema<"AppealOfEvent">;
type Decision = "granted" | "refused";

const DAY_MS = 24 * 3600 * 1000;

/** What staff members say against events, to be answered by a head other than who confirmed the event. */
export default function Appeals({ query }: PageProps) {
  const part = query.get("part") === "ended" ? "ended" : "open";
  return (
    <Page title={t("appeal.title")} lead={t("appeal.lead")}>
      <Tabs
        label={t("appeal.title")} value={part} onChange={(id) => go(id === "open" ? "/appeals" : "/appeals?part=ended")}
        tabs={[
          { id: "open", text: t("appeal.open"), content: () => <List key="open" query={query} ended={false} /> },
          { id: "ended", text: t("appeal.ended"), content: () => <List key="ended" query={query} ended /> },
        ]}
      />
    </Page>
  );
}

function List({ query, ended }: { query: URLSearchParams; ended: boolean }) {
  const page = Math.max(1, Number(query.get("page")) || 1);
  const loaded = useLoad(() => data(client.GET("/api/v1/appeals", { params: { query: { ended, page } } })), [ended, page]);
  const turn = (to: number) => go(`/appeals?${new URLSearchParams({ ...Object.fromEntries(query), page: String(to) })}`);
  const [answering, setAnswering] = useState<{ appeal: Appeal; decision: Decision } | null>(null);
  return (
    <Await of={loaded} lines={6}>
      {({ appeals, per_page, total }) => (
        <>
          {appeals.length === 0 && <EmptyState title={ended ? t("appeal.none_ended") : t("appeal.none")} />}
          <ol class="appeals">
            {appeals.map((appeal) => <Card key={appeal.id} appeal={appeal} onAnswer={(decision) => setAnswering({ appeal, decision })} />)}
          </ol>
          <Pager page={page} perPage={per_page} total={total} onPage={turn} />
          {answering && (
            <Answer {...answering} onClose={() => setAnswering(null)} onDone={() => {
              setAnswering(null);
              tell(t("appeal.answered_told"));
              void loaded.reload();
            }} />
          )}
        </>
      )}
    </Await>
  );
}

function Card({ appeal, onAnswer }: { appeal: Appeal; onAnswer: (decision: Decision) => void }) {
  const { event, answer } = appeal;
  const name = (mark: { by: string | null } | null) => who(mark?.by);
  return (
    <li class="appeal" data-appeal={appeal.id}>
      <header>
        <h2><a href={`/events/${event.id}`}>{say(event.title)} · {place(event)}</a></h2>
        {answer === null ? <Due due={appeal.due} /> : <span class={`badge ${answer.decision === "refused" ? "" : "good"}`}>{label("appeal.decision", answer.decision)}</span>}
      </header>
      <p class="facts">
        <span>{clock(event.opened_at)}</span>
        <span>{t("me.lasted", { time: duration(event.opened_at, event.closed_at) })}</span>
        <span>{t("ui.article", { article: event.article })}</span>
        <span>{t("ui.confidence", { percent: percent(event.confidence) })}</span>
        {event.verdict && <span>{t(`me.verdict.${event.verdict.verdict}`, { name: name(event.verdict), time: clock(event.verdict.at) })}</span>}
      </p>
      <blockquote>
        <p><strong>{t(`me.choice.${appeal.choice}`)}</strong></p>
        {appeal.text !== "" && <p>{appeal.text}</p>}
        <footer class="muted">{t("appeal.by", { name: name(appeal.made), time: clock(appeal.made.at) })}</footer>
      </blockquote>
      {answer !== null && answer.decision !== "dropped" && (
        <p><strong>{answer.reason}</strong> <span class="muted">{t("appeal.by", { name: name(answer.mark), time: answer.mark ? clock(answer.mark.at) : "" })}</span></p>
      )}
      {answer === null && (appeal.may_answer ? (
        <div class="actions">
          <button type="button" onClick={() => onAnswer("granted")}><Icon name="check" />{t("appeal.grant")}</button>
          <button type="button" onClick={() => onAnswer("refused")}><Icon name="close" />{t("appeal.refuse")}</button>
        </div>
      ) : <p class="notice"><Icon name="people" />{Date.parse(appeal.due) <= Date.now() ? t("appeal.late") : t("appeal.own")}</p>)}
      {appeal.nobody_may && <p class="notice warning"><Icon name="warning" />{t("appeal.nobody_may")}</p>}
    </li>
  );
}

/** Until when it has to be answered; marked when that is near. */
function Due({ due }: { due: string }) {
  const near = Date.parse(due) - Date.now() < 2 * DAY_MS;
  return <span class={`badge ${near ? "warning" : ""}`}>{near && <Icon name="clock" />}{t("appeal.due_day", { day: dueWritten(due) })}</span>;
}

interface AnswerProps {
  appeal: Appeal;
  decision: Decision;
  onClose: () => void;
  onDone: () => void;
}

/** Why; the staff member reads it. */
function Answer({ appeal, decision, onClose, onDone }: AnswerProps) {
  const act = (form: FormData) =>
    data(client.POST("/api/v1/appeals/{id}/answer", { params: { path: { id: appeal.id } }, body: { decision, reason: String(form.get("reason") ?? "").trim() } }));
  const deed = decision === "granted" ? t("appeal.grant") : t("appeal.refuse");
  return (
    <FormDialog title={`${deed} · ${say(appeal.event.title)}`} confirm={deed} act={act} onClose={onClose} onDone={onDone}>
      <Field label={t("appeal.reason")} hint={t("appeal.reason_hint")}><textarea name="reason" rows={4} required maxLength={500} /></Field>
      <p class="muted">{decision === "granted" ? t("appeal.grant_means") : t("appeal.refuse_means")}</p>
    </FormDialog>
  );
}
