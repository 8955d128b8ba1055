import { useState } from "preact/hooks";
import type { WindowView } from "../../api";
import { dayOf, written } from "../../calendar";
import { label, lang, t } from "../../i18n";
import { useMedia } from "../../ui/useMedia";
import { type Cell, type Day, type Duty, nameOf, posted } from "./roster";

interface Props {
  duty: Duty;
  windows: readonly WindowView[];
  onOpen: (cell: Cell) => void;
}

/** A week as a table; where there is no room for it one day of it at a time. */
export function WeekGrid(props: Props) {
  return useMedia("(max-width: 960px)") ? <OneDay {...props} /> : <Week {...props} />;
}

function Week({ duty, windows, onOpen }: Props) {
  return (
    <div class="table roster">
      <table>
        <caption class="hidden">{t("duty.roster")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("ui.window_label")}</th>
            <th scope="col">{t("duty.shift")}</th>
            {duty.days.map((day) => <th key={day.day} scope="col" class={look(day)}><DayName day={day} /></th>)}
          </tr>
        </thead>
        <tbody>
          {windows.map((window) => duty.shifts.map((shift, i) => (
            <tr key={`${window.id} ${shift.id}`} class={i === 0 ? "first" : ""}>
              {i === 0 && <th scope="rowgroup" rowSpan={duty.shifts.length}>{window.name}</th>}
              <th scope="row" class="shift">{shift.name}</th>
              {duty.days.map((day) => <td key={day.day} class={look(day)}><Post duty={duty} day={day} window={window} shift={shift} onOpen={onOpen} /></td>)}
            </tr>
          )))}
        </tbody>
      </table>
    </div>
  );
}

function OneDay({ duty, windows, onOpen }: Props) {
  const today = dayOf(new Date());
  const [picked, setPicked] = useState<string | null>(null);
  const day = duty.days.find((one) => one.day === picked) ?? duty.days.find((one) => one.day === today) ?? duty.days[0];
  if (!day) return null;
  return (
    <>
      <div class="day-strip" role="group" aria-label={t("duty.roster")}>
        {duty.days.map((one) => (
          <button key={one.day} type="button" class={look(one)} aria-pressed={one.day === day.day} onClick={() => setPicked(one.day)}>
            <span>{written(one.day, lang.value, { weekday: "narrow" })}</span>
            <span class="num">{Number(one.day.slice(8))}</span>
            <span class="hidden">{dayKind(one)}</span>
          </button>
        ))}
      </div>
      <p class={day.worked ? "muted" : "notice"}>{written(day.day, lang.value, { month: "long", day: "numeric", weekday: "long" })} · {dayKind(day)}</p>
      <ul class={`day-posts ${day.worked ? "" : "off"}`}>
        {windows.map((window) => (
          <li key={window.id}>
            <h3>{window.name}</h3>
            <div class="posts">
              {duty.shifts.map((shift) => (
                <div key={shift.id}><span class="muted">{shift.name}</span><Post duty={duty} day={day} window={window} shift={shift} onOpen={onOpen} /></div>
              ))}
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Who is at a window in a shift of a day; a tap changes it. */
function Post({ duty, day, window, shift, onOpen }: { duty: Duty; day: Day; window: WindowView; shift: Duty["shifts"][number]; onOpen: (cell: Cell) => void }) {
  const staff = posted(duty.cells, day.day, window.id, shift.id);
  const names = staff.map((who) => nameOf(duty.staff, who)).join(t("text.list_separator"));
  const text = names || (day.worked ? t("duty.nobody") : "–");
  return (
    <button
      type="button" class={`post ${names === "" ? "nobody" : ""}`} data-cell={`${day.day} ${window.id} ${shift.id}`}
      aria-label={`${window.name} ${shift.name} ${written(day.day, lang.value)}: ${names || t("duty.nobody")}`}
      onClick={() => onOpen({ day: day.day, window: window.id, shift: shift.id, staff: [...staff] })}
    >
      {text}
    </button>
  );
}

function DayName({ day }: { day: Day }) {
  return (
    <>
      <span>{written(day.day, lang.value, { weekday: "short" })} {Number(day.day.slice(5, 7))}/{Number(day.day.slice(8))}</span>
      {day.kind !== "workday" && <span class="kind">{dayKind(day)}</span>}
    </>
  );
}

/** What a day is: the holiday's name where it is one. */
export function dayKind(day: Day): string {
  return day.kind === "holiday" && day.holiday !== null ? label("duty.holiday", day.holiday) : label("duty.day", day.kind);
}

function look(day: Day): string {
  return `${day.worked ? "" : "off"} ${day.day === dayOf(new Date()) ? "today" : ""}`.trim();
}
