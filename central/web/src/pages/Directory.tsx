import { useState } from "preact/hooks";
import { type Schema, client, data } from "../api";
import { FormDialog } from "../account/AccountForm";
import { t } from "../i18n";
import { Field } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { Page, Section } from "../ui/Page";
import { EmptyState } from "../ui/states";
import { tell } from "../ui/toast";
import { Await, useLoad } from "../ui/useLoad";

type Hall = Schema<"NamedHall">;

/** What halls and windows are called, and in which order they are shown. */
export default function Directory() {
  const loaded = useLoad(() => data(client.GET("/api/v1/directory")), []);
  const [open, setOpen] = useState<Hall | "new" | null>(null);
  return (
    <Page
      title={t("directory.title")} lead={t("directory.lead")}
      actions={<button type="button" class="primary" onClick={() => setOpen("new")}><Icon name="plus" />{t("directory.add")}</button>}
    >
      <Await of={loaded} lines={6}>
        {({ halls }) => (
          <div class="page">
            {halls.length === 0 && <EmptyState title={t("directory.none")} icon="board" />}
            {halls.map((hall) => (
              <Section
                key={hall.id} title={hall.name} lead={t("directory.id", { id: hall.id })}
                actions={<button type="button" onClick={() => setOpen(hall)}><Icon name="edit" />{t("directory.edit")}</button>}
              >
                {hall.windows.length === 0 ? <p class="muted">{t("directory.no_windows")}</p> : (
                  <ol class="chips">{hall.windows.map((window) => <li key={window.id}><span class="muted">{window.id}</span> {window.name}</li>)}</ol>
                )}
              </Section>
            ))}
            {open !== null && (
              <HallForm
                hall={open === "new" ? null : open} onClose={() => setOpen(null)}
                onDone={() => {
                  setOpen(null);
                  tell(t("directory.saved"));
                  void loaded.reload();
                }}
              />
            )}
          </div>
        )}
      </Await>
    </Page>
  );
}

/** A hall's name, and its windows one a line: id, then name. */
function HallForm({ hall, onClose, onDone }: { hall: Hall | null; onClose: () => void; onDone: () => void }) {
  const act = (form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const lines = text("windows").split("\n").map((line) => line.trim()).filter(Boolean);
    const windows = lines.map((line) => {
      const [id = "", ...name] = line.split(/[\s,，]+/);
      return { id, name: name.join(" ") || id };
    });
    const path = { hall: hall?.id ?? text("id") };
    return data(client.PUT("/api/v1/directory/{hall}", { params: { path }, body: { name: text("name"), windows } }));
  };
  const lines = hall?.windows.map((window) => `${window.id} ${window.name}`).join("\n") ?? "";
  return (
    <FormDialog title={hall ? t("directory.edit") : t("directory.add")} confirm={t("ui.save")} act={act} onClose={onClose} onDone={onDone}>
      {hall === null && <Field label={t("directory.hall_id")} hint={t("directory.hall_id_hint")}><input name="id" required pattern="[a-z0-9\-]{1,32}" autoCapitalize="none" autoComplete="off" /></Field>}
      <Field label={t("directory.name")}><input name="name" required maxLength={64} defaultValue={hall?.name ?? ""} autoComplete="off" /></Field>
      <Field label={t("ui.windows")} hint={t("directory.windows_hint")}><textarea name="windows" rows={8} defaultValue={lines} /></Field>
    </FormDialog>
  );
}
