import { label, say, t } from "../../i18n";
import { clock, dayWritten, dueWritten, duration, hourOf, percent } from "../../time";
import { Icon } from "../../ui/Icon";
import { type OwnEvent, mayContest } from "./counting";
import { why } from "./words";
import { who } from "../../words";

interface Props {
  event: OwnEvent;
  window: string;
  onContest: () => void;
}

/** One event of one's posts: what was seen, whether it counts, and what was said against it. */
export function EventCard({ event, window, onContest }: Props) {
  const counts = event.standing === "counts";
  return (
    <li class="own-event" data-event={event.id} data-standing={event.standing}>
      <header>
        <h3>{say(event.title)}</h3>
        <span class={`badge ${counts ? "info" : ""}`}>{label("me.standing", event.standing)}</span>
      </header>
      <p class="facts">
        <span>{window}</span>
        <span>{dayWritten(event.opened_at)} {hourOf(event.opened_at)}</span>
        <span>{event.closed_at === null ? t("me.goes_on") : t("me.lasted", { time: duration(event.opened_at, event.closed_at) })}</span>
        <span>{t("ui.article", { article: event.article })}</span>
        <span>{t("ui.confidence", { percent: percent(event.confidence) })}</span>
      </p>
      <p>{why(event)}</p>
      {event.suspended !== null && <p class="muted">{t("me.rests", { why: label("resting", event.suspended) })}</p>}
      {event.verdict && <p class="muted">{t(`me.verdict.${event.verdict.verdict}`, { name: who(event.verdict.by), time: clock(event.verdict.at) })}</p>}
      {event.note && <p class="muted">{t("me.note", { name: who(event.note.by), text: event.note.text })}</p>}
      {event.appeal ? <Appeal appeal={event.appeal} /> : mayContest(event) && (
        <p class="contest"><button type="button" onClick={onContest}><Icon name="edit" />{t("me.contest")}</button></p>
      )}
    </li>
  );
}

/** What became of one's word against an event. */
function Appeal({ appeal }: { appeal: NonNullable<OwnEvent["appeal"]> }) {
  const { answer } = appeal;
  const said = `${t(`me.choice.${appeal.choice}`)}${appeal.text === "" ? "" : `${t("me.colon")}${appeal.text}`}`;
  return (
    <div class={`own-appeal ${answer === null ? "waits" : answer.decision}`}>
      <p><strong>{answer === null ? t("me.contested", { time: dueWritten(appeal.due) }) : t(`me.answer.${answer.decision}`, { reason: answer.reason })}</strong></p>
      {answer === null && <p class="muted">{t("me.contested_rests")}</p>}
      {answer?.mark && <p class="muted">{t("appeal.by", { name: who(answer.mark.by), time: clock(answer.mark.at) })}</p>}
      <p class="muted">{t("me.said", { text: said })}</p>
    </div>
  );
}
