import { t } from "../i18n";
import { Field } from "../ui/Field";
import { FormDialog } from "./AccountForm";

interface Props {
  title: string;
  hint?: string;
  act: (password: string) => Promise<unknown>;
  onClose: () => void;
  onDone: () => void;
}

/** Asks for one password: a new one for somebody else, or one's own once more. */
export function PasswordForm({ title, hint, act, onClose, onDone }: Props) {
  return (
    <FormDialog title={title} confirm={t("ui.continue")} act={(form) => act(String(form.get("password") ?? ""))} onClose={onClose} onDone={onDone}>
      <Field label={t("ui.password")} hint={hint}><input name="password" type="password" required maxLength={256} autoComplete="off" autofocus /></Field>
    </FormDialog>
  );
}
