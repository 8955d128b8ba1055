import { useState } from "preact/hooks";
import { type ConductEvent, client, data } from "../../api";
import { FormDialog } from "../../account/AccountForm";
import { dayOf, written } from "../../calendar";
import { label, lang, t } from "../../i18n";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import { DataTable } from "../../ui/DataTable";
import { Field } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { Section } from "../../ui/Page";
import { EmptyState } from "../../ui/states";
import { tell } from "../../ui/toast";
import { Await, useLoad } from "../../ui/useLoad";
import { RULES } from "../../words";
import type { PartProps } from "./Duty";
import type { Duty } from "./roster";

/** Rules that are off at a window in a shift. Nobody is asked why, and there is no place for a reason. */
export function Accommodations({ hall }: PartProps) {
  const loaded = useLoad(async () => {
    const call = { params: { path: { hall: hall.id } } };
    const [{ accommodations }, { shifts }] = await Promise.all([data(client.GET("/api/v1/halls/{hall}/accommodations", call)), data(client.GET("/api/v1/halls/{hall}/duty", call))]);
    return { accommodations, shifts };
  }, [hall.id]);
  const [adding, setAdding] = useState(false);
  const [ending, setEnding] = useState<string | null>(null);
  const window = (id: string) => hall.windows.find((one) => one.id === id)?.name ?? id;
  const end = async (id: string) => {
    await data(client.DELETE("/api/v1/halls/{hall}/accommodations/{id}", { params: { path: { hall: hall.id, id } } }));
    tell(t("duty.saved"));
    await loaded.reload();
  };
  const day = (one: string) => written(one, lang.value, { year: "numeric", month: "short", day: "numeric" });
  return (
    <Section title={t("duty.accommodations")} lead={t("duty.accommodation_lead")} actions={<button type="button" class="primary" disabled={!loaded.data || loaded.data.shifts.length === 0} onClick={() => setAdding(true)}><Icon name="plus" />{t("duty.accommodation_add")}</button>}>
      <Await of={loaded}>
        {({ accommodations, shifts }) => (
          <>
            <DataTable
              caption={t("duty.accommodations")} rows={accommodations} keyOf={(one) => one.id}
              columns={[
                { id: "rule", name: t("ui.rule"), cell: (one) => label("rule", `${one.rule}.title`) },
                { id: "window", name: t("ui.window_label"), cell: (one) => window(one.window) },
                { id: "shift", name: t("duty.shift"), cell: (one) => shifts.find((shift) => shift.id === one.shift)?.name ?? one.shift },
                { id: "days", name: t("duty.days"), cell: (one) => (one.to === null ? t("duty.from_on", { from: day(one.from) }) : t("duty.week_of", { from: day(one.from), to: day(one.to) })) },
                { id: "end", name: "", cell: (one) => <button type="button" class="quiet" onClick={() => setEnding(one.id)}>{t("duty.accommodation_end")}</button> },
              ]}
              empty={<EmptyState title={shifts.length === 0 ? t("duty.no_shifts") : t("duty.accommodation_none")} icon="rules" />}
            />
            {adding && <Form hall={hall} shifts={shifts} onClose={() => setAdding(false)} onDone={() => {
              setAdding(false);
              tell(t("duty.saved"));
              void loaded.reload();
            }} />}
            {ending !== null && <ConfirmDialog title={t("duty.accommodation_end")} description={t("duty.accommodation_end_ask")} confirm={t("duty.accommodation_end")} act={() => end(ending)} onClose={() => setEnding(null)} />}
          </>
        )}
      </Await>
    </Section>
  );
}

function Form({ hall, shifts, onClose, onDone }: { hall: PartProps["hall"]; shifts: Duty["shifts"]; onClose: () => void; onDone: () => void }) {
  const act = (form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? "");
    const body = { window: text("window"), shift: text("shift"), rule: text("rule") as ConductEvent["rule"], from: text("from"), ...(text("to") !== "" && { to: text("to") }) };
    return data(client.POST("/api/v1/halls/{hall}/accommodations", { params: { path: { hall: hall.id } }, body }));
  };
  const choice = (name: string, text: string, options: readonly (readonly [string, string])[]) => (
    <Field label={text}><select name={name} required>{options.map(([value, shown]) => <option key={value} value={value}>{shown}</option>)}</select></Field>
  );
  return (
    <FormDialog title={t("duty.accommodation_add")} confirm={t("duty.accommodation_add")} act={act} onClose={onClose} onDone={onDone}>
      {choice("rule", t("ui.rule"), RULES.map((rule) => [rule, label("rule", `${rule}.title`)]))}
      {choice("window", t("ui.window_label"), hall.windows.map((window) => [window.id, window.name]))}
      {choice("shift", t("duty.shift"), shifts.map((shift) => [shift.id, shift.name]))}
      <div class="pair">
        <Field label={t("duty.from_day")}><input type="date" name="from" required defaultValue={dayOf(new Date())} /></Field>
        <Field label={t("duty.to_day")}><input type="date" name="to" /></Field>
      </div>
    </FormDialog>
  );
}
