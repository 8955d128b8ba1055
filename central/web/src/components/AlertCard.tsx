import { useState } from "preact/hooks";
import { type ConductEvent, client } from "../api";
import type { Alert } from "../board";
import { label, say, t } from "../i18n";
import { acknowledge } from "../live";
import { clock, duration, percent } from "../time";
import { Icon } from "../ui/Icon";
import { complain } from "../ui/toast";
import { who } from "../words";

export function AlertCard({ alert, showHall }: { alert: Alert; showHall: boolean }) {
  const { event } = alert;
  const [state, setState] = useState<"idle" | "sending" | "failed">("idle");
  const send = async () => {
    setState("sending");
    try {
      await acknowledge(event.id);
      setState("idle");
    } catch {
      setState("failed");
    }
  };
  return (
    <li class={`alert ${event.severity} ${event.acknowledged ? "seen" : ""}`} data-rule={event.rule} data-window={event.window ?? ""}>
      <span class="sign" title={label("severity", event.severity)}>
        <Icon name={event.severity} />
        <span class="hidden">{label("severity", event.severity)}</span>
      </span>
      <div class="what">
        <h3>
          <a href={`/events/${event.id}`}>
            {showHall && `${alert.hall} · `}
            {alert.place} · {say(event.title)}
          </a>
        </h3>
        <p>{say(event.reason)}</p>
        <p class="facts">
          <span>{t("ui.since", { time: clock(event.opened_at) })}</span>
          <span>{t("ui.article", { article: event.article })}</span>
          <span>{t("ui.confidence", { percent: percent(event.confidence) })}</span>
        </p>
      </div>
      <div class="act">
        <time class="running" dateTime={event.opened_at}>{duration(event.opened_at, event.closed_at)}</time>
        {event.acknowledged ? (
          <span class="by"><Icon name="check" />{t("ui.seen_by", { name: who(event.acknowledged.by) })}</span>
        ) : (
          <button type="button" class="primary" disabled={state === "sending"} onClick={() => void send()}>
            {t("ui.acknowledge")}
          </button>
        )}
        {event.acknowledged && event.verdict === null && <Decide event={event} />}
        {event.verdict && <span class="by"><Icon name={event.verdict.verdict === "confirmed" ? "check" : "close"} />{t(event.verdict.verdict === "confirmed" ? "review.confirmed" : "review.wrong_said")}</span>}
        {state === "failed" && <span class="failed" role="alert">{t("ui.failed")}</span>}
      </div>
    </li>
  );
}

/** Was it so? Two buttons, once somebody has looked; the answer comes back over the stream. */
function Decide({ event }: { event: ConductEvent }) {
  const decide = (verdict: "confirmed" | "wrong") =>
    void client.PUT("/api/v1/events/{id}/verdict", { params: { path: { id: event.id } }, body: { verdict } }).catch(complain);
  return (
    <span class="actions">
      <button type="button" class="tool" onClick={() => decide("confirmed")}>{t("review.confirm")}</button>
      <button type="button" class="tool" onClick={() => decide("wrong")}>{t("review.wrong")}</button>
    </span>
  );
}
