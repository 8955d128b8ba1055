import { useState } from "preact/hooks";
import { label, t } from "../../i18n";
import { Field } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { Section } from "../../ui/Page";
import { DAYS, hoursOf } from "./document";
import type { Draft } from "./Editor";

const OFFICE_HOURS = ["08:30-12:00", "13:30-17:30"];
const FRESH = {
  timezone: "Asia/Shanghai",
  weekly: Object.fromEntries(DAYS.map((day, i) => [day, i < 5 ? OFFICE_HOURS : []])),
  holidays: [],
  workdays: [],
};

/** When the rules hold. */
export function ScheduleForm({ draft }: { draft: Draft }) {
  const schedule = draft.document.schedule ?? null;
  return (
    <Section title={t("policy.schedule")} lead={t("policy.schedule_lead")}>
      <fieldset disabled={draft.readOnly} class="form">
        <legend class="hidden">{t("policy.schedule")}</legend>
        <label class="check">
          <input type="checkbox" checked={schedule === null} onChange={(e) => draft.set("schedule", e.currentTarget.checked ? null : FRESH)} />
          {t("policy.always")}
        </label>
        {schedule !== null && (
          <>
            {DAYS.map((day) => <Hours key={day} day={day} spans={schedule.weekly[day] ?? []} draft={draft} />)}
            <Dates name="holidays" days={schedule.holidays} draft={draft} />
            <Dates name="workdays" days={schedule.workdays} draft={draft} />
            <Field label={t("policy.field.timezone")} error={draft.wrong("schedule.timezone")}>
              <input value={schedule.timezone} onInput={(e) => draft.set("schedule.timezone", e.currentTarget.value)} />
            </Field>
          </>
        )}
      </fieldset>
    </Section>
  );
}

/** What is typed stays as it was typed; the draft gets the hours in it. */
function Hours({ day, spans, draft }: { day: string; spans: readonly string[]; draft: Draft }) {
  const [typed, setTyped] = useState(spans.join(", "));
  return (
    <div class="day-hours">
      <Field label={label("policy.day", day)} error={draft.wrong(`schedule.weekly.${day}`)}>
        <input
          name={`hours-${day}`}
          value={typed}
          placeholder={t("policy.off_duty")}
          onInput={(e) => {
            setTyped(e.currentTarget.value);
            draft.set(`schedule.weekly.${day}`, hoursOf(e.currentTarget.value));
          }}
        />
      </Field>
    </div>
  );
}

function Dates({ name, days, draft }: { name: "holidays" | "workdays"; days: readonly string[]; draft: Draft }) {
  const [day, setDay] = useState("");
  const field = `schedule.${name}`;
  const add = () => {
    if (day === "") return;
    draft.set(field, [...new Set([...days, day])].sort());
    setDay("");
  };
  return (
    <div class="dates">
      <div class="date-add">
        <Field label={t(`policy.field.${name}`)} error={draft.wrong(field)}>
          <input type="date" value={day} onInput={(e) => setDay(e.currentTarget.value)} />
        </Field>
        <button type="button" disabled={day === ""} onClick={add}><Icon name="plus" />{t("policy.add")}</button>
      </div>
      {days.length > 0 && (
        <ul class="chips">
          {days.map((one) => (
            <li key={one}>
              {one}
              <button type="button" class="quiet" aria-label={t("policy.remove", { name: one })} onClick={() => draft.set(field, days.filter((other) => other !== one))}>
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
