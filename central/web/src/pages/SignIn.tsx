import { useEffect, useState } from "preact/hooks";
import { ApiError, type Schema, type Session, api, client, data } from "../api";
import { lang, maybe, setLang, t } from "../i18n";
import { go, location } from "../route";
import { expired } from "../session";
import { Field } from "../ui/Field";
import { explain } from "../ui/explain";

/** Name and password, then the one-time code where the account asks for one; or the organisation's own sign-in. */
export function SignIn({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const came = location.value.query.get("sign_in");
  const ended = expired.value ? t("ui.error.unauthenticated") : null;
  const [error, setError] = useState<string | null>(came === null ? ended : maybe(`ui.sign_in.${came}`));
  const [busy, setBusy] = useState(false);
  const [known, setKnown] = useState<{ name: string; password: string } | null>(null);
  const [way, setWay] = useState<Schema<"OidcWay"> | null>(null);
  useEffect(() => {
    if (came !== null) go("/", true);
    data(client.GET("/api/v1/session/ways")).then((ways) => setWay(ways.oidc ?? null), () => undefined);
  }, []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? "");
    const who = known ?? { name: text("name"), password: text("password") };
    setBusy(true);
    setError(null);
    try {
      onSignedIn(await api.signIn(who.name, who.password, known ? text("code") : null));
    } catch (problem) {
      const asked = problem instanceof ApiError && problem.kind === "code_needed";
      if (asked) setKnown(who);
      else setError(known ? t("ui.sign_in.wrong_code") : explain(problem));
      if (problem instanceof ApiError && problem.kind === "locked") setError(explain(problem));
      setBusy(false);
    }
  };
  return (
    <main class="signin">
      <form onSubmit={(event) => void submit(event)}>
        <h1><img src="/icon.svg" alt="" width="40" height="40" /> {t("ui.product")}</h1>
        <p class="muted">{t("ui.claim")}</p>
        {known === null ? (
          <>
            <Field label={t("ui.account")}><input key="name" name="name" autoComplete="username" autoCapitalize="none" required autofocus /></Field>
            <Field label={t("ui.password")}><input key="password" name="password" type="password" autoComplete="current-password" required /></Field>
          </>
        ) : (
          <Field label={t("security.code")} hint={t("ui.sign_in.code_hint")}><input key="code" name="code" autoComplete="one-time-code" inputMode="text" required autofocus /></Field>
        )}
        {error && <p class="failed" role="alert">{error}</p>}
        <button class="primary" disabled={busy}>{t("ui.sign_in")}</button>
        {known !== null && <button type="button" class="tool" onClick={() => setKnown(null)}>{t("ui.sign_in.other")}</button>}
        {known === null && way !== null && <a class="button" href={way.start}>{t("ui.sign_in.with", { name: way.name })}</a>}
        <button type="button" class="tool" onClick={() => void setLang(lang.value === "en" ? "zh-CN" : "en")}>
          {lang.value === "en" ? "中文" : "English"}
        </button>
      </form>
    </main>
  );
}
