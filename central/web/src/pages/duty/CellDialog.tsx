import { useState } from "preact/hooks";
import type { WindowView } from "../../api";
import { written } from "../../calendar";
import { lang, t } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { explain } from "../../ui/explain";
import { EmptyState } from "../../ui/states";
import { type Cell, type Duty, elsewhere, nameOf } from "./roster";

/** The most people of one post. */
const MOST = 10;

interface Props {
  cell: Cell;
  duty: Duty;
  windows: readonly WindowView[];
  onClose: () => void;
  save: (cells: Cell[]) => Promise<void>;
}

/** Who shall be at a window in a shift, of one day or of the rest of the week. */
export function CellDialog({ cell, duty, windows, onClose, save }: Props) {
  const [chosen, setChosen] = useState<readonly string[]>(cell.staff);
  const [week, setWeek] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const rest = duty.days.filter((day) => day.worked && day.day > cell.day);
  const toggle = (who: string) => setChosen(chosen.includes(who) ? chosen.filter((one) => one !== who) : [...chosen, who]);
  const act = async () => {
    setBusy(true);
    setFailed(null);
    try {
      const days = [cell.day, ...(week ? rest.map((day) => day.day) : [])];
      await save(days.map((day) => ({ ...cell, day, staff: [...chosen] })));
      onClose();
    } catch (error) {
      setFailed(explain(error));
      setBusy(false);
    }
  };
  const name = (id: string) => windows.find((window) => window.id === id)?.name ?? id;
  const shift = duty.shifts.find((one) => one.id === cell.shift)?.name ?? cell.shift;
  return (
    <Dialog
      title={`${name(cell.window)} · ${shift}`} description={written(cell.day, lang.value, { month: "long", day: "numeric", weekday: "long" })} onClose={onClose}
      actions={duty.staff.length > 0 && (
        <>
          <button type="button" onClick={onClose}>{t("ui.cancel")}</button>
          <button type="button" class="primary" disabled={busy || chosen.length > MOST} onClick={() => void act()}>{t("ui.save")}</button>
        </>
      )}
    >
      {duty.staff.length === 0 ? <EmptyState title={t("duty.no_staff")} icon="people" /> : (
        <>
          <fieldset class="plain people">
            <legend class="hidden">{t("duty.who")}</legend>
            {duty.staff.map((one) => {
              const other = elsewhere(duty.cells, one.id, cell);
              return (
                <label class="check" key={one.id}>
                  <input type="checkbox" name="staff" value={one.name} checked={chosen.includes(one.id)} onChange={() => toggle(one.id)} />
                  <span>{nameOf(duty.staff, one.id)}{other !== null && <span class="muted"> {t("duty.elsewhere", { window: name(other) })}</span>}</span>
                </label>
              );
            })}
          </fieldset>
          {rest.length > 0 && <label class="check"><input type="checkbox" name="week" checked={week} onChange={() => setWeek(!week)} />{t("duty.rest_of_week", { n: rest.length })}</label>}
          {chosen.length > 1 && <p class="hint">{t("duty.several")}</p>}
        </>
      )}
      {failed !== null && <p class="failed" role="alert">{failed}</p>}
    </Dialog>
  );
}
