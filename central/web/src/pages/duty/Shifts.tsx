import { useState } from "preact/hooks";
import { client, data } from "../../api";
import { FormDialog } from "../../account/AccountForm";
import { t } from "../../i18n";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import { Field } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { Section } from "../../ui/Page";
import { EmptyState } from "../../ui/states";
import { tell } from "../../ui/toast";
import { Await, useLoad } from "../../ui/useLoad";
import type { PartProps } from "./Duty";
import { type Duty, spansOf } from "./roster";

type Shift = Duty["shifts"][number];

/** The hall's shifts with their breaks. */
export function Shifts({ hall }: PartProps) {
  const loaded = useLoad(() => data(client.GET("/api/v1/halls/{hall}/duty", { params: { path: { hall: hall.id } } })), [hall.id]);
  const [open, setOpen] = useState<Shift | "new" | null>(null);
  const [leaving, setLeaving] = useState<Shift | null>(null);
  const done = async () => {
    setOpen(null);
    tell(t("duty.saved"));
    await loaded.reload();
  };
  const remove = async (shift: Shift) => {
    await data(client.DELETE("/api/v1/halls/{hall}/shifts/{shift}", { params: { path: { hall: hall.id, shift: shift.id } } }));
    await done();
  };
  return (
    <Section title={t("duty.shifts")} lead={t("duty.shifts_lead")} actions={<button type="button" class="primary" onClick={() => setOpen("new")}><Icon name="plus" />{t("duty.shift_add")}</button>}>
      <Await of={loaded}>
        {({ shifts }) => (
          <>
            {shifts.length === 0 && <EmptyState title={t("duty.no_shifts")} icon="clock" />}
            <ul class="duty-list">
              {shifts.map((shift) => (
                <li key={shift.id} data-shift={shift.id}>
                  <div>
                    <h3>{shift.name}</h3>
                    <p>{shift.hours.join(t("text.list_separator"))}</p>
                    <p class="muted">{shift.breaks.length > 0 ? t("duty.breaks_are", { spans: shift.breaks.join(t("text.list_separator")) }) : t("duty.no_breaks")}</p>
                  </div>
                  <div class="actions">
                    <button type="button" aria-label={`${t("duty.shift_edit")} ${shift.name}`} onClick={() => setOpen(shift)}><Icon name="edit" />{t("duty.change")}</button>
                    <button type="button" class="quiet" aria-label={`${t("duty.shift_remove")} ${shift.name}`} onClick={() => setLeaving(shift)}><Icon name="trash" /></button>
                  </div>
                </li>
              ))}
            </ul>
            {open !== null && <ShiftForm hall={hall.id} shift={open === "new" ? null : open} taken={shifts.map((shift) => shift.id)} onClose={() => setOpen(null)} onDone={() => void done()} />}
            {leaving !== null && <ConfirmDialog title={`${t("duty.shift_remove")} · ${leaving.name}`} description={t("duty.shift_remove_ask")} confirm={t("duty.shift_remove")} danger act={() => remove(leaving)} onClose={() => setLeaving(null)} />}
          </>
        )}
      </Await>
    </Section>
  );
}

interface FormProps {
  hall: string;
  shift: Shift | null;
  taken: readonly string[];
  onClose: () => void;
  onDone: () => void;
}

function ShiftForm({ hall, shift, taken, onClose, onDone }: FormProps) {
  const act = (form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const path = { hall, shift: shift?.id ?? text("id") };
    const body = { name: text("name"), hours: spansOf(text("hours")), breaks: spansOf(text("breaks")) };
    return data(client.PUT("/api/v1/halls/{hall}/shifts/{shift}", { params: { path }, body }));
  };
  const fresh = ["am", "pm", "day", "late"].find((id) => !taken.includes(id)) ?? "";
  return (
    <FormDialog title={shift ? t("duty.shift_edit") : t("duty.shift_add")} confirm={t("ui.save")} act={act} onClose={onClose} onDone={onDone}>
      {shift === null && <Field label={t("duty.shift_id")} hint={t("duty.shift_id_hint")}><input name="id" required pattern="[a-z0-9\-]{1,32}" defaultValue={fresh} autoCapitalize="none" autoComplete="off" /></Field>}
      <Field label={t("duty.shift_name")}><input name="name" required maxLength={40} defaultValue={shift?.name ?? ""} autoComplete="off" /></Field>
      <Field label={t("duty.shift_hours")} hint={t("duty.shift_hours_hint")}><input name="hours" required defaultValue={shift?.hours.join(", ") ?? ""} inputMode="text" autoComplete="off" /></Field>
      <Field label={t("duty.shift_breaks")} hint={t("duty.shift_breaks_hint")}><input name="breaks" defaultValue={shift?.breaks.join(", ") ?? ""} autoComplete="off" /></Field>
    </FormDialog>
  );
}
