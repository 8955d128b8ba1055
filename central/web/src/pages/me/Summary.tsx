import { useEffect, useState } from "preact/hooks";
import { client, data } from "../../api";
import { addDays, addMonths, dayOf, isDay, written } from "../../calendar";
import { lang, t } from "../../i18n";
import type { PageProps } from "../../pages";
import { go } from "../../route";
import { Icon } from "../../ui/Icon";
import { Page, Section } from "../../ui/Page";
import { EmptyState } from "../../ui/states";
import { Await, useLoad } from "../../ui/useLoad";
import { Comparison } from "./Comparison";
import { ContestDialog } from "./ContestDialog";
import { Counted } from "./Counted";
import { Here } from "./Here";
import { EventCard } from "./EventCard";
import type { OwnEvent, Summary as Own } from "./counting";
import { useOwnStream } from "./useOwnStream";
import { windowOf } from "./words";
import "../../styles/me.css";

const GRAINS = ["day", "week", "month"] as const;
type Grain = (typeof GRAINS)[number];

/** What a staff member sees of their own work: hours, events with their reasons, and whether each one counts. */
export default function Summary({ query }: PageProps) {
  const asked = query.get("grain");
  const grain = GRAINS.find((one) => one === asked) ?? "week";
  const given = query.get("day");
  const day = isDay(given) ? given : dayOf(new Date());
  const loaded = useLoad(() => data(client.GET("/api/v1/me/summary", { params: { query: { grain, day } } })), [grain, day]);
  useOwnStream(loaded.reload);
  return (
    <Page title={t("me.title")} lead={t("me.lead")}>
      <Await of={loaded} lines={8}>
        {(summary) => (
          <div class="page me">
            <Here now={summary.now} reload={loaded.reload} />
            <Period grain={grain} summary={summary} />
            <Counted summary={summary} />
            <Events summary={summary} reload={loaded.reload} />
            {grain !== "day" && <Comparison of={summary.comparison} />}
            <p class="notice promise"><Icon name="shield" /><span>{t("me.promise")} <a href="/me/data">{t("me.rights")}</a></span></p>
          </div>
        )}
      </Await>
    </Page>
  );
}

const STEP: Record<Grain, (day: string, n: number) => string> = { day: addDays, week: (day, n) => addDays(day, 7 * n), month: addMonths };

/** Which day, week or month; kept in the address. */
function Period({ grain, summary }: { grain: Grain; summary: Own }) {
  const show = (next: Grain, day: string) => go(`/me?grain=${next}&day=${day}`);
  const today = dayOf(new Date());
  // Another grain shows the time in which today lies, if it lies in what is shown now.
  const inside = summary.from <= today && today <= summary.to ? today : summary.from;
  const name = grain === "day" ? written(summary.from, lang.value, { month: "short", day: "numeric", weekday: "short" })
    : grain === "week" ? t("me.span", { from: written(summary.from, lang.value), to: written(summary.to, lang.value) })
    : written(summary.from, lang.value, { year: "numeric", month: "long" });
  return (
    <div class="period">
      <div class="segments" role="group" aria-label={t("me.period")}>
        {GRAINS.map((one) => <button key={one} type="button" aria-pressed={one === grain} onClick={() => show(one, inside)}>{t(`me.${one}`)}</button>)}
      </div>
      <div class="turn">
        <button type="button" class="tool" aria-label={t("me.earlier")} onClick={() => show(grain, STEP[grain](summary.from, -1))}><Icon name="back" /></button>
        <strong aria-live="polite">{name}</strong>
        <button type="button" class="tool" aria-label={t("me.later")} disabled={summary.to >= today} onClick={() => show(grain, STEP[grain](summary.from, 1))}><Icon name="forward" /></button>
      </div>
    </div>
  );
}

function Events({ summary, reload }: { summary: Own; reload: () => Promise<void> }) {
  const [contested, setContested] = useState<OwnEvent | null>(null);
  // What is shown in the dialog is what was tapped, even if the list changes meanwhile.
  useEffect(() => setContested(null), [summary.from, summary.to]);
  return (
    <Section title={t("me.events")} lead={summary.events.length > 0 ? t("me.events_lead") : undefined}>
      {summary.events.length === 0 ? (
        <EmptyState title={summary.posts.length === 0 ? t("me.no_posts") : t("me.no_events")} icon={summary.posts.length === 0 ? "calendar" : "check"} />
      ) : (
        <ol class="own-events">
          {summary.events.map((event) => <EventCard key={event.id} event={event} window={windowOf(event, summary.posts)} onContest={() => setContested(event)} />)}
        </ol>
      )}
      {contested && <ContestDialog event={contested} days={summary.appeal_days} onClose={() => setContested(null)} onDone={reload} />}
    </Section>
  );
}
