import { useState } from "preact/hooks";
import { type ConductEvent, client } from "../api";
import { type Key, t } from "../i18n";
import { now, clock } from "../time";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { Section } from "../ui/Page";
import { complain, tell } from "../ui/toast";
import { who } from "../words";

const SNOOZES = [10, 30, 60, 120] as const;

/** What a center head says of an event; every word can be taken back. */
export function Review({ event, reload }: { event: ConductEvent; reload: () => Promise<void> }) {
  const [snoozing, setSnoozing] = useState(false);
  const path = { params: { path: { id: event.id } } };
  const act = (call: Promise<unknown>, said?: Key) =>
    void call.then(() => {
      if (said) tell(t(said));
      return reload();
    }, complain);
  const verdict = event.verdict?.verdict ?? null;
  const decide = (verdict: "confirmed" | "wrong") => act(client.PUT("/api/v1/events/{id}/verdict", { ...path, body: { verdict } }), verdict === "confirmed" ? "review.confirmed" : "review.wrong_said");
  const open = event.closed_at === null && !event.historical;
  const snoozed = event.snooze !== null && Date.parse(event.snooze.until) > now.value;
  return (
    <Section title={t("review.title")} lead={t("review.lead")}>
      <div class="actions">
        <button type="button" class={verdict === "confirmed" ? "primary" : ""} aria-pressed={verdict === "confirmed"} onClick={() => decide("confirmed")}><Icon name="check" />{t("review.confirm")}</button>
        <button type="button" class={verdict === "wrong" ? "primary" : ""} aria-pressed={verdict === "wrong"} onClick={() => decide("wrong")}><Icon name="close" />{t("review.wrong")}</button>
        {verdict !== null && <button type="button" class="quiet" onClick={() => act(client.DELETE("/api/v1/events/{id}/verdict", path))}>{t("review.withdraw")}</button>}
        {open && !snoozed && event.acknowledged === null && <button type="button" onClick={() => setSnoozing(true)}><Icon name="clock" />{t("review.snooze")}</button>}
        {snoozed && <button type="button" onClick={() => act(client.DELETE("/api/v1/events/{id}/snooze", path))}><Icon name="clock" />{t("review.end_snooze")}</button>}
      </div>
      {event.verdict && <p class="muted">{t(verdict === "wrong" ? "review.wrong_said" : "review.confirmed")} · {t("ui.by_at", { name: who(event.verdict.by), time: clock(event.verdict.at) })}</p>}
      {snoozed && event.snooze && <p class="muted">{t("review.snoozed_until", { time: clock(event.snooze.until), reason: event.snooze.reason })}</p>}
      <NoteForm key={event.note?.at ?? ""} event={event} act={act} />
      {snoozing && <SnoozeDialog event={event} reload={reload} onClose={() => setSnoozing(false)} />}
    </Section>
  );
}

function NoteForm({ event, act }: { event: ConductEvent; act: (call: Promise<unknown>) => void }) {
  const [text, setText] = useState(event.note?.text ?? "");
  const path = { params: { path: { id: event.id } } };
  const changed = text.trim() !== (event.note?.text ?? "");
  const save = (submit: Event) => {
    submit.preventDefault();
    if (changed && text.trim() !== "") act(client.PUT("/api/v1/events/{id}/note", { ...path, body: { text } }));
  };
  return (
    <form class="form" onSubmit={save}>
      <Field label={t("review.note")} hint={t("review.note_hint")}>
        <textarea name="note" rows={2} maxLength={500} value={text} onInput={(e) => setText(e.currentTarget.value)} />
      </Field>
      <div class="actions">
        <button type="submit" disabled={!changed || text.trim() === ""}>{t("review.save_note")}</button>
        {event.note && <button type="button" class="quiet" onClick={() => act(client.DELETE("/api/v1/events/{id}/note", path))}>{t("review.remove_note")}</button>}
      </div>
    </form>
  );
}

/** Not now, with a reason. */
export function SnoozeDialog({ event, reload, onClose }: { event: ConductEvent; reload: () => Promise<void>; onClose: () => void }) {
  const [minutes, setMinutes] = useState<number>(SNOOZES[0]);
  const [reason, setReason] = useState("");
  const send = (submit: Event) => {
    submit.preventDefault();
    const until = new Date(Date.now() + minutes * 60_000).toISOString();
    client.PUT("/api/v1/events/{id}/snooze", { params: { path: { id: event.id } }, body: { until, reason } }).then(() => {
      onClose();
      return reload();
    }, complain);
  };
  return (
    <Dialog title={t("review.snooze")} onClose={onClose}>
      <form class="form" onSubmit={send}>
        <Field label={t("review.snooze_for")}>
          <select name="minutes" value={minutes} onChange={(e) => setMinutes(Number(e.currentTarget.value))}>
            {SNOOZES.map((n) => <option key={n} value={n}>{t("review.minutes", { n })}</option>)}
          </select>
        </Field>
        <Field label={t("review.reason")} hint={t("review.reason_hint")}>
          <input name="reason" required maxLength={200} value={reason} onInput={(e) => setReason(e.currentTarget.value)} />
        </Field>
        <div class="actions end"><button type="submit" class="primary" disabled={reason.trim() === ""}>{t("review.snooze")}</button></div>
      </form>
    </Dialog>
  );
}
