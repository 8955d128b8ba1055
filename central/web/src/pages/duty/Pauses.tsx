import { useState } from "preact/hooks";
import { type Hall, client, data } from "../../api";
import { FormDialog } from "../../account/AccountForm";
import { addDays, dayOf } from "../../calendar";
import { t } from "../../i18n";
import { DataTable } from "../../ui/DataTable";
import { Field } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { Section } from "../../ui/Page";
import { EmptyState } from "../../ui/states";
import { complain, tell } from "../../ui/toast";
import { Await, useLoad } from "../../ui/useLoad";
import type { PartProps } from "./Duty";
import type { Duty } from "./roster";
import { stretch } from "./words";

/** So far the list of planned pauses reaches back and ahead. */
const BACK = 7;
const AHEAD = 54;

/** Planned times without service: rules rest then. */
export function Pauses({ hall }: PartProps) {
  const today = dayOf(new Date());
  const loaded = useLoad(
    () => data(client.GET("/api/v1/halls/{hall}/duty", { params: { path: { hall: hall.id }, query: { from: addDays(today, -BACK), to: addDays(today, AHEAD) } } })),
    [hall.id],
  );
  const [adding, setAdding] = useState(false);
  const remove = async (pause: Duty["pauses"][number]) => {
    try {
      await data(client.DELETE("/api/v1/halls/{hall}/pauses/{id}", { params: { path: { hall: hall.id, id: pause.id } } }));
      tell(t("duty.removed"));
      await loaded.reload();
    } catch (error) {
      complain(error);
    }
  };
  const name = (id: string | null) => (id === null ? t("duty.all_windows") : (hall.windows.find((window) => window.id === id)?.name ?? id));
  return (
    <Section title={t("duty.pauses")} lead={t("duty.pause_lead")} actions={<button type="button" class="primary" onClick={() => setAdding(true)}><Icon name="plus" />{t("duty.pause_add")}</button>}>
      <Await of={loaded}>
        {({ pauses }) => (
          <DataTable
            caption={t("duty.pauses")} rows={pauses} keyOf={(pause) => pause.id}
            columns={[
              { id: "when", name: t("duty.when"), cell: (pause) => stretch(pause.from, pause.to) },
              { id: "window", name: t("ui.window_label"), cell: (pause) => name(pause.window) },
              { id: "remove", name: "", cell: (pause) => <button type="button" class="quiet" aria-label={`${t("duty.remove")} ${stretch(pause.from, pause.to)}`} onClick={() => void remove(pause)}><Icon name="trash" />{t("duty.remove")}</button> },
            ]}
            empty={<EmptyState title={t("duty.pause_none")} icon="clock" />}
          />
        )}
      </Await>
      <p class="muted">{t("duty.pause_past")}</p>
      {adding && <PauseForm hall={hall} onClose={() => setAdding(false)} onDone={() => {
        setAdding(false);
        tell(t("duty.saved"));
        void loaded.reload();
      }} />}
    </Section>
  );
}

function PauseForm({ hall, onClose, onDone }: { hall: Hall; onClose: () => void; onDone: () => void }) {
  const act = (form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? "");
    const at = (time: string) => new Date(`${text("day")}T${text(time)}`).toISOString();
    const window = text("window");
    const body = { from: at("from"), to: at("to"), ...(window !== "" && { window }) };
    return data(client.POST("/api/v1/halls/{hall}/pauses", { params: { path: { hall: hall.id } }, body }));
  };
  return (
    <FormDialog title={t("duty.pause_add")} confirm={t("duty.pause_add")} act={act} onClose={onClose} onDone={onDone}>
      <Field label={t("ui.window_label")}>
        <select name="window">
          <option value="">{t("duty.all_windows")}</option>
          {hall.windows.map((window) => <option key={window.id} value={window.id}>{window.name}</option>)}
        </select>
      </Field>
      <Field label={t("duty.day_label")}><input type="date" name="day" required defaultValue={dayOf(new Date())} /></Field>
      <div class="pair">
        <Field label={t("duty.from_time")}><input type="time" name="from" required defaultValue="09:00" /></Field>
        <Field label={t("duty.to_time")}><input type="time" name="to" required defaultValue="09:30" /></Field>
      </div>
    </FormDialog>
  );
}
