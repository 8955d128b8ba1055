import { useState } from "preact/hooks";
import { client, data } from "../../api";
import { addMonths, dayOf, isDay, sheet, span, written } from "../../calendar";
import { lang, t } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { Section } from "../../ui/Page";
import { complain, tell } from "../../ui/toast";
import { Await, useLoad } from "../../ui/useLoad";
import type { PartProps } from "./Duty";
import { dayKind } from "./WeekGrid";
import type { Day } from "./roster";

/** Which days are worked: the public calendar, and what the hall has changed of it. */
export function Calendar({ hall, query, show }: PartProps) {
  const asked = query.get("month");
  const given = asked === null ? null : `${asked}-01`;
  const first = addMonths(isDay(given) ? given : dayOf(new Date()), 0);
  const { from, to } = sheet(first);
  const [open, setOpen] = useState<Day | null>(null);
  const loaded = useLoad(() => data(client.GET("/api/v1/halls/{hall}/duty", { params: { path: { hall: hall.id }, query: { from, to } } })), [hall.id, from]);
  const turn = (n: number) => show({ month: addMonths(first, n).slice(0, 7) });
  const set = async (day: string, worked: boolean | null) => {
    const call = { params: { path: { hall: hall.id, day } } };
    try {
      if (worked === null) await data(client.DELETE("/api/v1/halls/{hall}/calendar/{day}", call));
      else await data(client.PUT("/api/v1/halls/{hall}/calendar/{day}", { ...call, body: { worked } }));
      setOpen(null);
      tell(t("duty.saved"));
      await loaded.reload();
    } catch (error) {
      complain(error);
    }
  };
  return (
    <Await of={loaded} lines={8}>
      {(duty) => {
        const year = Number(first.slice(0, 4));
        const known = duty.calendar_years.includes(year);
        const inMonth = duty.days.filter((day) => day.day.slice(0, 7) === first.slice(0, 7));
        return (
          <Section title={t("duty.calendar")} lead={t("duty.calendar_lead", { years: duty.calendar_years.join(t("text.list_separator")) })}>
            {!known && <p class="notice warning">{t("duty.calendar_unknown", { year })}</p>}
            {duty.calendar_missing !== year && <CalendarMissing year={duty.calendar_missing} />}
            <div class="week-bar sheet-bar">
              <div class="turn">
                <button type="button" class="tool" aria-label={t("duty.month_before")} onClick={() => turn(-1)}><Icon name="back" /></button>
                <strong aria-live="polite">{written(first, lang.value, { year: "numeric", month: "long" })}</strong>
                <button type="button" class="tool" aria-label={t("duty.month_after")} onClick={() => turn(1)}><Icon name="forward" /></button>
              </div>
              <p class="muted">{t("duty.month_worked", { n: inMonth.filter((day) => day.worked).length })}</p>
            </div>
            <div class="sheet">
              {span(from, to).slice(0, 7).map((day) => <span key={day} class="head" aria-hidden="true">{written(day, lang.value, { weekday: "narrow" })}</span>)}
              {duty.days.map((day) => (
                <button
                  key={day.day} type="button" data-day={day.day} data-kind={day.kind} onClick={() => setOpen(day)}
                  class={`${day.worked ? "worked" : "off"} ${day.day.slice(0, 7) === first.slice(0, 7) ? "" : "beside"} ${day.day === dayOf(new Date()) ? "today" : ""}`}
                >
                  <span class="hidden">{written(day.day, lang.value, { month: "long", weekday: "long" })} </span>
                  <span class="num">{Number(day.day.slice(8))}</span>
                  <span class="kind">{day.kind === "workday" || day.kind === "weekend" ? <span class="hidden">{dayKind(day)}</span> : dayKind(day)}</span>
                </button>
              ))}
            </div>
            <ul class="sheet-legend muted">
              <li><i class="worked" aria-hidden="true" />{t("duty.day.workday")}</li>
              <li><i class="off" aria-hidden="true" />{t("duty.day_off")}</li>
            </ul>
            {open && <DayDialog day={open} set={(worked) => set(open.day, worked)} onClose={() => setOpen(null)} />}
          </Section>
        );
      }}
    </Await>
  );
}

/** Said before a year begins whose holidays nobody has written down. */
export function CalendarMissing({ year }: { year: number | null }) {
  if (year === null) return null;
  return (
    <div class="notice warning" data-missing={year}>
      <p>{t("duty.calendar_missing", { year })}</p>
      <a class="button" href={`/duty?part=calendar&month=${year}-01`}>{written(`${year}-01-01`, lang.value, { year: "numeric", month: "long" })}</a>
    </div>
  );
}

/** What a day shall be. */
function DayDialog({ day, set, onClose }: { day: Day; set: (worked: boolean | null) => Promise<void>; onClose: () => void }) {
  const own = day.kind === "own_worked" || day.kind === "own_closed";
  return (
    <Dialog title={written(day.day, lang.value, { year: "numeric", month: "long", day: "numeric", weekday: "long" })} description={t("duty.day_now", { kind: dayKind(day) })} onClose={onClose}>
      <div class="choices">
        <button type="button" onClick={() => void set(!day.worked)}>{day.worked ? t("duty.make_closed") : t("duty.make_worked")}</button>
        {own && <button type="button" onClick={() => void set(null)}>{t("duty.make_public")}</button>}
      </div>
      <p class="muted">{t("duty.day_lead")}</p>
    </Dialog>
  );
}
