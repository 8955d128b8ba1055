import { useEffect, useState } from "preact/hooks";
import { ApiError, type EventDetail, api } from "../api";
import { Icon } from "../components/Icon";
import { label, say, t } from "../i18n";
import { acknowledge, halls } from "../live";
import { follow } from "../route";
import { clock, duration, percent } from "../time";
import { place, state } from "./Events";

/** All that is known about one event: what a decision about it may rest on. There is no picture, and never was one. */
export function EventDetailPage({ id }: { id: string }) {
  const [detail, setDetail] = useState<EventDetail | null>(null);
  const [error, setError] = useState<string | null>(null);
  const load = () =>
    api.event(id).then(setDetail, (problem) =>
      setError(problem instanceof ApiError && problem.kind === "not_found" ? t("ui.error.not_found") : t("ui.error.internal")),
    );
  // A live change of the halls may be a change of this event.
  useEffect(() => void load(), [id, halls.value]);
  if (error && !detail) return <p class="notice warning" role="alert">{error}</p>;
  if (!detail) return <p class="notice" role="status">{t("ui.loading")}</p>;
  const { event, messages } = detail;
  const fact = (name: string, value: string) => (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
  return (
    <article class="detail">
      <p><a class="tool" href="/events" onClick={follow}><Icon name="back" />{t("ui.events")}</a></p>
      <h1 class={event.severity}><Icon name={event.severity} />{say(event.title)} · {place(event)}</h1>
      <p class="reason">{say(event.reason)}</p>
      {event.closed_at === null && event.acknowledged === null && (
        <button type="button" class="primary" onClick={() => void acknowledge(event.id).then(load)}>{t("ui.acknowledge")}</button>
      )}
      <dl>
        {fact(t("ui.state"), state(event))}
        {event.acknowledged && fact(t("ui.acknowledged"), t("ui.by_at", { name: event.acknowledged.by, time: clock(event.acknowledged.at) }))}
        {fact(t("ui.severity"), label("severity", event.severity))}
        {fact(t("ui.article_label"), event.article)}
        {fact(t("ui.began"), clock(event.opened_at))}
        {event.closed_at && fact(t("ui.ended"), clock(event.closed_at))}
        {fact(t("ui.lasted"), duration(event.opened_at, event.closed_at))}
        {fact(t("ui.confidence_label"), percent(event.confidence))}
        {fact(t("ui.hit_ratio"), percent(event.evidence.hit_ratio))}
        {fact(t("ui.observed"), t("ui.seconds", { n: event.evidence.observed_s.toFixed(1) }))}
        {fact(t("ui.unknown"), t("ui.seconds", { n: event.evidence.unknown_s.toFixed(1) }))}
        {(event.evidence.items ?? []).length > 0 &&
          fact(t("ui.items"), (event.evidence.items ?? []).map((item) => label("item", item)).join(t("text.list_separator")))}
        {typeof event.evidence.people === "number" && fact(t("ui.people"), String(event.evidence.people))}
      </dl>
      <h2>{t("ui.history")}</h2>
      <ol class="history">
        {messages.map((message) => (
          <li key={message.seq}>
            <time dateTime={message.at}>{clock(message.at)}</time>
            <strong>{label("phase", message.phase)}</strong>
            <span>{t("ui.confidence", { percent: percent(message.confidence) })}</span>
          </li>
        ))}
      </ol>
      <details>
        <summary>{t("ui.versions")}</summary>
        <dl class="hashes">
          {fact(t("ui.policy"), detail.policy)}
          {fact(t("ui.calibration"), detail.calibration)}
          {Object.entries(detail.models).map(([signal, hash]) => fact(label("signal", signal), hash))}
        </dl>
      </details>
      <p class="muted">{t("ui.no_picture")}</p>
    </article>
  );
}
