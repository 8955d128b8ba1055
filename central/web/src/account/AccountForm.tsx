import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Role, type Schema, client, data } from "../api";
import { label, t } from "../i18n";
import { Dialog } from "../ui/Dialog";
import { explain } from "../ui/explain";
import { Field } from "../ui/Field";

const ROLES: readonly Role[] = ["center_head", "staff", "installer", "auditor", "administrator"];

interface Shared {
  halls: readonly Schema<"NamedHall">[];
  onClose: () => void;
  onDone: () => void;
}

interface Choice {
  role: Role;
  every: boolean;
  halls: readonly string[];
}

/** A new account; its password has to be changed at the first sign-in. */
export function NewAccountForm(props: Shared) {
  const [choice, setChoice] = useState<Choice>({ role: "center_head", every: false, halls: props.halls.length === 1 ? props.halls.map((h) => h.id) : [] });
  const act = (form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? "");
    const body = { name: text("name"), display_name: text("display_name"), password: text("password"), ...asked(choice) };
    return data(client.POST("/api/v1/accounts", { body }));
  };
  return (
    <FormDialog title={t("account.add")} confirm={t("account.add")} act={act} {...props}>
      <Field label={t("account.name")} hint={t("account.name_hint")}><input name="name" required maxLength={64} autoComplete="off" autoCapitalize="none" /></Field>
      <Field label={t("account.display_name")}><input name="display_name" maxLength={64} autoComplete="off" /></Field>
      <Field label={t("account.first_password")} hint={t("account.reset_hint")}><input name="password" type="password" required minLength={8} maxLength={256} autoComplete="new-password" /></Field>
      <Choices choice={choice} halls={props.halls} onChange={setChoice} />
    </FormDialog>
  );
}

/** Name, role and halls of an account. */
export function AccountForm({ account, ...props }: Shared & { account: Schema<"ManagedAccount"> }) {
  const [choice, setChoice] = useState<Choice>({ role: account.role, every: account.all_halls, halls: account.halls });
  const act = (form: FormData) => {
    const changed = choice.role !== account.role || choice.every !== account.all_halls || choice.halls.join() !== account.halls.join();
    const body = { display_name: String(form.get("display_name") ?? ""), ...(changed ? asked(choice) : {}) };
    return data(client.PATCH("/api/v1/accounts/{id}", { params: { path: { id: account.id } }, body }));
  };
  return (
    <FormDialog title={`${t("account.do.edit")} · ${account.name}`} confirm={t("ui.save")} act={act} {...props}>
      <Field label={t("account.display_name")}><input name="display_name" maxLength={64} autoComplete="off" defaultValue={account.display_name} /></Field>
      <Choices choice={choice} halls={props.halls} onChange={setChoice} />
    </FormDialog>
  );
}

function asked({ role, every, halls }: Choice) {
  return every ? { role, all_halls: true } : { role, halls: [...halls] };
}

interface ChoicesProps {
  choice: Choice;
  halls: readonly Schema<"NamedHall">[];
  onChange: (choice: Choice) => void;
}

function Choices({ choice, halls, onChange }: ChoicesProps) {
  const known = [...halls.map((hall) => hall.id), ...choice.halls.filter((id) => !halls.some((hall) => hall.id === id))];
  const toggle = (id: string) =>
    onChange({ ...choice, halls: choice.halls.includes(id) ? choice.halls.filter((other) => other !== id) : [...choice.halls, id] });
  return (
    <>
      <Field label={t("account.role")} hint={label("account.may", choice.role)}>
        <select name="role" value={choice.role} onChange={(e) => onChange({ ...choice, role: e.currentTarget.value as Role })}>
          {ROLES.map((role) => <option key={role} value={role}>{label("role", role)}</option>)}
        </select>
      </Field>
      <fieldset class="plain">
        <legend>{t("account.halls")}</legend>
        <label class="check">
          <input type="checkbox" checked={choice.every} onChange={() => onChange({ ...choice, every: !choice.every })} />
          {t("account.every_hall")}
        </label>
        {!choice.every && known.map((id) => (
          <label class="check" key={id}>
            <input type="checkbox" name="hall" value={id} checked={choice.halls.includes(id)} onChange={() => toggle(id)} />
            {halls.find((hall) => hall.id === id)?.name ?? id}
          </label>
        ))}
      </fieldset>
    </>
  );
}

interface FormProps {
  title: string;
  confirm: string;
  act: (form: FormData) => Promise<unknown>;
  onClose: () => void;
  onDone: () => void;
  children: ComponentChildren;
}

/** A dialog around a form; it stays open and says why when the deed fails. */
export function FormDialog({ title, confirm, act, onClose, onDone, children }: FormProps) {
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setFailed(null);
    try {
      await act(form);
      onDone();
    } catch (error) {
      setFailed(explain(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="form" onSubmit={(event) => void submit(event)}>
        {children}
        {failed !== null && <p class="failed" role="alert">{failed}</p>}
        <div class="actions end">
          <button type="button" onClick={onClose}>{t("ui.cancel")}</button>
          <button class="primary" disabled={busy}>{confirm}</button>
        </div>
      </form>
    </Dialog>
  );
}
