import { useState } from "preact/hooks";
import { client, data } from "../../api";
import { addDays, dayOf, isDay, monday, written } from "../../calendar";
import { lang, t } from "../../i18n";
import { Icon } from "../../ui/Icon";
import { EmptyState } from "../../ui/states";
import { complain, tell } from "../../ui/toast";
import { Await, useLoad } from "../../ui/useLoad";
import { CalendarMissing } from "./Calendar";
import { CellDialog } from "./CellDialog";
import type { PartProps } from "./Duty";
import { ImportDialog } from "./ImportDialog";
import { WeekGrid } from "./WeekGrid";
import { type Cell, type Duty, copied, gaps } from "./roster";

/** A week of windows and shifts, and who is at each. */
export function Roster({ hall, query, show }: PartProps) {
  const given = query.get("week");
  const from = monday(isDay(given) ? given : dayOf(new Date()));
  const to = addDays(from, 6);
  const [open, setOpen] = useState<Cell | null>(null);
  const [importing, setImporting] = useState(false);
  const week = (first: string) => data(client.GET("/api/v1/halls/{hall}/duty", { params: { path: { hall: hall.id }, query: { from: first, to: addDays(first, 6) } } }));
  const loaded = useLoad(() => week(from), [hall.id, from]);
  const put = async (cells: Cell[], done: string) => {
    await data(client.PUT("/api/v1/halls/{hall}/roster", { params: { path: { hall: hall.id } }, body: { cells } }));
    tell(done);
    await loaded.reload();
  };
  const copy = async (duty: Duty) => {
    try {
      const cells = copied((await week(addDays(from, -7))).cells, duty);
      if (cells.length === 0) tell(t("duty.copied_none"));
      else await put(cells, t("duty.copied", { n: cells.length }));
    } catch (error) {
      complain(error);
    }
  };
  const exported = (kind: string) => `/api/v1/halls/${hall.id}/roster/file.${kind}?from=${from}&to=${to}`;
  const windows = hall.windows.map((window) => window.id);
  return (
    <div class="page roster-part">
      <div class="week-bar">
        <div class="turn">
          <button type="button" class="tool" aria-label={t("duty.earlier")} onClick={() => show({ week: addDays(from, -7) })}><Icon name="back" /></button>
          <strong aria-live="polite">{t("duty.week_of", { from: written(from, lang.value), to: written(to, lang.value) })}</strong>
          <button type="button" class="tool" aria-label={t("duty.later")} onClick={() => show({ week: addDays(from, 7) })}><Icon name="forward" /></button>
          {from !== monday(dayOf(new Date())) && <button type="button" class="tool quiet" onClick={() => show({ week: dayOf(new Date()) })}>{t("duty.this_week")}</button>}
        </div>
        <div class="actions">
          <button type="button" disabled={loaded.data === null} onClick={() => loaded.data && void copy(loaded.data)}><Icon name="calendar" />{t("duty.copy")}</button>
          <button type="button" onClick={() => setImporting(true)}><Icon name="upload" />{t("duty.import")}</button>
          {["xlsx", "csv"].map((kind) => (
            <a key={kind} class="button" href={exported(kind)} download aria-label={`${t("duty.export")} ${kind.toUpperCase()}`}><Icon name="download" />{kind.toUpperCase()}</a>
          ))}
        </div>
      </div>
      <Await of={loaded} lines={10}>
        {(duty) => (
          <div class="page">
            {duty.shifts.length === 0 ? (
              <EmptyState title={t("duty.no_shifts")} icon="clock"><button type="button" class="primary" onClick={() => show({ part: "shifts" })}>{t("duty.shifts")}</button></EmptyState>
            ) : windows.length === 0 ? <EmptyState title={t("ui.no_windows")} icon="board" /> : (
              <>
                <CalendarMissing year={duty.calendar_missing} />
                <Gaps duty={duty} windows={windows} />
                <WeekGrid duty={duty} windows={hall.windows} onOpen={setOpen} />
              </>
            )}
            {open && <CellDialog cell={open} duty={duty} windows={hall.windows} onClose={() => setOpen(null)} save={(cells) => put(cells, t("duty.saved"))} />}
            {importing && <ImportDialog hall={hall} staff={duty.staff} shifts={duty.shifts} onClose={() => setImporting(false)} onDone={loaded.reload} />}
          </div>
        )}
      </Await>
    </div>
  );
}

/** What is missing, in one line. */
function Gaps({ duty, windows }: { duty: Duty; windows: readonly string[] }) {
  const { posts, empty } = gaps(duty, windows);
  if (duty.staff.length === 0) return <p class="notice warning">{t("duty.no_staff")}</p>;
  if (posts === 0) return <p class="muted">{t("duty.week_off")}</p>;
  return <p class="muted" data-empty={empty}>{empty === 0 ? t("duty.full", { n: posts }) : t("duty.gaps", { n: posts, empty })}</p>;
}
