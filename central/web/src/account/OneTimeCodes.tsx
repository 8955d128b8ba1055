import { useState } from "preact/hooks";
import { type Schema, client, data } from "../api";
import { t } from "../i18n";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { Section } from "../ui/Page";
import { tell } from "../ui/toast";
import { FormDialog } from "./AccountForm";
import { PasswordForm } from "./PasswordForm";

type Step = { at: "password" | "off" } | { at: "scan"; offer: Schema<"TotpOffer"> } | { at: "codes"; codes: readonly string[] } | null;

/** One-time codes: password, QR code, first code, recovery codes. */
export function OneTimeCodes({ security, reload }: { security: Schema<"Security">; reload: () => Promise<void> }) {
  const [step, setStep] = useState<Step>(null);
  const close = () => setStep(null);
  const begin = async (password: string) => {
    const offer = await data(client.POST("/api/v1/account/totp", { body: { password } }));
    setStep({ at: "scan", offer });
  };
  const confirm = async (form: FormData) => {
    const body = { code: String(form.get("code") ?? "") };
    const { recovery_codes: codes } = await data(client.POST("/api/v1/account/totp/confirm", { body }));
    setStep({ at: "codes", codes });
    void reload();
  };
  const off = (password: string) => client.DELETE("/api/v1/account/totp", { body: { password } });
  return (
    <Section
      title={t("security.totp")} lead={t("security.totp_lead")}
      actions={
        security.totp
          ? <button type="button" onClick={() => setStep({ at: "off" })}>{t("security.totp_off")}</button>
          : <button type="button" class="primary" onClick={() => setStep({ at: "password" })}>{t("security.totp_on")}</button>
      }
    >
      <p class={`tone ${security.totp ? "good" : "unknown"}`}>
        <Icon name={security.totp ? "check" : "info"} />
        {security.totp ? t("security.totp_is_on", { n: security.recovery_codes_left }) : t("security.totp_is_off")}
      </p>
      {step?.at === "password" && <PasswordForm title={t("security.totp_on")} hint={t("security.again_hint")} act={begin} onClose={close} onDone={() => undefined} />}
      {step?.at === "off" && (
        <PasswordForm
          title={t("security.totp_off")} hint={t("security.again_hint")} act={off} onClose={close}
          onDone={() => {
            close();
            tell(t("security.totp_is_off"));
            void reload();
          }}
        />
      )}
      {step?.at === "scan" && (
        <FormDialog title={t("security.scan")} confirm={t("ui.continue")} act={confirm} onClose={close} onDone={() => undefined}>
          <p>{t("security.scan_lead")}</p>
          <img class="qr" alt={t("security.qr")} width="220" height="220" src={`data:image/svg+xml;utf8,${encodeURIComponent(step.offer.qr_svg)}`} />
          <p class="muted">{t("security.secret")}<br /><code class="hashes">{step.offer.secret}</code></p>
          <Field label={t("security.code")}><input name="code" inputMode="numeric" autoComplete="one-time-code" required maxLength={7} autofocus /></Field>
        </FormDialog>
      )}
      {step?.at === "codes" && (
        <Dialog title={t("security.recovery")} description={t("security.recovery_lead")} onClose={close} alert actions={<button type="button" class="primary" onClick={close}>{t("security.kept")}</button>}>
          <ul class="codes">{step.codes.map((code) => <li key={code}><code>{code}</code></li>)}</ul>
        </Dialog>
      )}
    </Section>
  );
}
