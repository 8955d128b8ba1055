import { ChangePassword } from "../account/ChangePassword";
import { t } from "../i18n";
import { leave, resume } from "../session";

/** Somebody else set the password: it has to be one's own before anything else. */
export function FirstPassword() {
  return (
    <main class="signin">
      <div class="card">
        <h1>{t("account.must_change")}</h1>
        <p class="muted">{t("account.must_change_lead")}</p>
        <ChangePassword onDone={() => void resume()} />
        <button type="button" class="tool" onClick={() => void leave()}>{t("ui.sign_out")}</button>
      </div>
    </main>
  );
}
