import { t } from "@central/i18n";
import { Field } from "@central/ui/Field";
import { Icon } from "@central/ui/Icon";
import { explain } from "@central/ui/explain";
import { useState } from "preact/hooks";
import { api } from "./api";
import { Choices } from "./parts/Choices";
import { codeOfAddress, ended, hello, signedIn } from "./session";

/** The one-time code that the agent shows or central issued, who may see what, and how to know that this is the agent. */
export function SignIn() {
  const [code, setCode] = useState(codeOfAddress);
  const [error, setError] = useState<string | null>(ended.value ? t("ui.error.signed_out") : null);
  const [busy, setBusy] = useState(false);
  const agent = hello.value;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await api.signIn(code.replace(/\s/g, "").toLowerCase());
      ended.value = false;
      signedIn.value = true;
    } catch (problem) {
      setError(explain(problem));
      setBusy(false);
    }
  };
  return (
    <main class="signin">
      <form onSubmit={(event) => void submit(event)}>
        <h1><img src="/icon.svg" alt="" width="40" height="40" /> {t("calibrate.title")}</h1>
        {agent && <p class="muted">{t("calibrate.agent", { hall: agent.hall, agent: agent.agent })}</p>}
        <Field label={t("calibrate.code_label")} hint={t("calibrate.code_hint")}>
          <input
            name="code" class="code" inputMode="numeric" autoComplete="one-time-code" pattern="[0-9a-fA-F ]*" maxLength={200} required autofocus
            value={code} onInput={(event) => setCode(event.currentTarget.value)}
          />
        </Field>
        {error && <p class="failed" role="alert">{error}</p>}
        <button class="primary" disabled={busy}>{t("ui.sign_in")}</button>
        <div class="promise">
          <Icon name="shield" />
          <p>{t("calibrate.who_sees")}</p>
        </div>
        {agent && (
          <details open>
            <summary>{t("calibrate.certificate")}</summary>
            <p class="hint">{t("calibrate.certificate_hint")}</p>
            <p class="hashes fingerprint">{agent.fingerprint}</p>
          </details>
        )}
      </form>
      <Choices />
    </main>
  );
}
