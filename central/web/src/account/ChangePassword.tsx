import { useState } from "preact/hooks";
import { client } from "../api";
import { t } from "../i18n";
import { explain } from "../ui/explain";
import { Field } from "../ui/Field";

/** One's own password, twice so that a slip shows. */
export function ChangePassword({ onDone }: { onDone: () => void }) {
  const [failed, setFailed] = useState<string | null>(null);
  const [differ, setDiffer] = useState(false);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const target = event.currentTarget as HTMLFormElement;
    const form = new FormData(target);
    const text = (name: string) => String(form.get(name) ?? "");
    setDiffer(text("new") !== text("again"));
    if (text("new") !== text("again")) return;
    setBusy(true);
    setFailed(null);
    try {
      await client.POST("/api/v1/account/password", { body: { current: text("current"), new: text("new") } });
      target.reset();
      onDone();
    } catch (error) {
      setFailed(explain(error));
    }
    setBusy(false);
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      <Field label={t("account.current_password")}><input name="current" type="password" required autoComplete="current-password" /></Field>
      <Field label={t("account.new_password")} hint={t("account.password_hint")}><input name="new" type="password" required minLength={8} maxLength={256} autoComplete="new-password" /></Field>
      <Field label={t("account.again")} error={differ ? t("account.differ") : null}><input name="again" type="password" required autoComplete="new-password" /></Field>
      {failed !== null && <p class="failed" role="alert">{failed}</p>}
      <div class="actions"><button class="primary" disabled={busy}>{t("account.change_password")}</button></div>
    </form>
  );
}
