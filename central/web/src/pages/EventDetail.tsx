import { useEffect } from "preact/hooks";
import { ApiError, api } from "../api";
import { label, say, t } from "../i18n";
import { acknowledge, halls } from "../live";
import type { PageProps } from "../pages";
import { clock, duration, percent } from "../time";
import { Review } from "../review/Review";
import { Icon } from "../ui/Icon";
import { Page, Section } from "../ui/Page";
import { ErrorState } from "../ui/states";
import { Await, useLoad } from "../ui/useLoad";
import { place, state, who } from "../words";

/** All that is known about one event: what a decision about it may rest on. There is no picture, and never was one. */
export default function EventDetail({ params }: PageProps) {
  const id = params["id"] ?? "";
  const loaded = useLoad(() => api.event(id), [id]);
  // A live change of the halls may be a change of this event.
  useEffect(() => void (loaded.data && loaded.reload()), [halls.value]);
  if (loaded.error instanceof ApiError && loaded.error.kind === "not_found") return <ErrorState message={t("ui.error.no_event")} />;
  return <Await of={loaded} lines={8}>{(detail) => <Detail detail={detail} reload={loaded.reload} />}</Await>;
}

function Detail({ detail, reload }: { detail: Awaited<ReturnType<typeof api.event>>; reload: () => Promise<void> }) {
  const { event, messages } = detail;
  const fact = (name: string, value: string) => (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
  const mayAcknowledge = event.closed_at === null && event.acknowledged === null;
  return (
    <Page
      title={`${say(event.title)} · ${place(event)}`}
      lead={say(event.reason)}
      back={{ href: "/events", text: t("ui.events") }}
      actions={mayAcknowledge && <button type="button" class="primary" onClick={() => void acknowledge(event.id).then(reload)}>{t("ui.acknowledge")}</button>}
    >
      <Section title={t("ui.facts")}>
        <dl class="facts-list">
          {fact(t("ui.state"), state(event))}
          {event.suspended && fact(t("review.suspended"), label("resting", event.suspended))}
          {event.acknowledged && fact(t("ui.acknowledged"), t("ui.by_at", { name: who(event.acknowledged.by), time: clock(event.acknowledged.at) }))}
          <dt>{t("ui.severity")}</dt>
          <dd class={event.severity}><span class="tone"><Icon name={event.severity} />{label("severity", event.severity)}</span></dd>
          {fact(t("ui.article_label"), event.article)}
          {fact(t("ui.began"), clock(event.opened_at))}
          {event.closed_at && fact(t("ui.ended"), clock(event.closed_at))}
          {fact(t("ui.lasted"), duration(event.opened_at, event.closed_at))}
          {fact(t("ui.confidence_label"), percent(event.confidence))}
          {fact(t("ui.hit_ratio"), percent(event.evidence.hit_ratio))}
          {fact(t("ui.observed"), t("ui.seconds", { n: event.evidence.observed_s.toFixed(1) }))}
          {fact(t("ui.unknown"), t("ui.seconds", { n: event.evidence.unknown_s.toFixed(1) }))}
          {event.evidence.items.length > 0 && fact(t("ui.items"), event.evidence.items.map((item) => label("item", item)).join(t("text.list_separator")))}
          {typeof event.evidence.people === "number" && fact(t("ui.people"), String(event.evidence.people))}
        </dl>
      </Section>
      <Review event={event} reload={reload} />
      <Section title={t("ui.history")}>
        <ol class="history">
          {messages.map((message) => (
            <li key={message.seq}>
              <time dateTime={message.at}>{clock(message.at)}</time>
              <strong>{label("phase", message.phase)}</strong>
              <span>{t("ui.confidence", { percent: percent(message.confidence) })}</span>
            </li>
          ))}
        </ol>
        {detail.review.length > 0 && (
          <>
            <h3>{t("review.steps")}</h3>
            <ol class="history steps-said">
              {detail.review.map((step, n) => (
                <li key={n}>
                  <time dateTime={step.at}>{clock(step.at)}</time>
                  <strong>{label("audit", step.step)}</strong>
                  <span>{who(step.by)}</span>
                  {step.detail && <span class="muted">{step.detail}</span>}
                </li>
              ))}
            </ol>
          </>
        )}
      </Section>
      <details>
        <summary>{t("ui.versions")}</summary>
        <dl class="facts-list hashes">
          {fact(t("ui.policy"), detail.policy)}
          {fact(t("ui.calibration"), detail.calibration)}
          {Object.entries(detail.models).map(([signal, hash]) => fact(label("signal", signal), hash))}
        </dl>
      </details>
      <p class="muted">{t("ui.no_picture")}</p>
    </Page>
  );
}
