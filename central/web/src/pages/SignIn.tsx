import { useState } from "preact/hooks";
import { type Session, api } from "../api";
import { lang, setLang, t } from "../i18n";
import { Field } from "../ui/Field";
import { explain } from "../ui/explain";

export function SignIn({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(null);
    try {
      onSignedIn(await api.signIn(String(form.get("name") ?? ""), String(form.get("password") ?? "")));
    } catch (problem) {
      setError(explain(problem));
      setBusy(false);
    }
  };
  return (
    <main class="signin">
      <form onSubmit={(event) => void submit(event)}>
        <h1><img src="/icon.svg" alt="" width="40" height="40" /> {t("ui.product")}</h1>
        <p class="muted">{t("ui.claim")}</p>
        <Field label={t("ui.account")}><input name="name" autoComplete="username" autoCapitalize="none" required autofocus /></Field>
        <Field label={t("ui.password")}><input name="password" type="password" autoComplete="current-password" required /></Field>
        {error && <p class="failed" role="alert">{error}</p>}
        <button class="primary" disabled={busy}>{t("ui.sign_in")}</button>
        <button type="button" class="tool" onClick={() => void setLang(lang.value === "en" ? "zh-CN" : "en")}>
          {lang.value === "en" ? "中文" : "English"}
        </button>
      </form>
    </main>
  );
}
