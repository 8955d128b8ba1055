import { useState } from "preact/hooks";
import { type Schema, client, data } from "../../api";
import { t } from "../../i18n";
import { clock } from "../../time";
import { Dialog } from "../../ui/Dialog";
import { explain } from "../../ui/explain";
import { complain, tell } from "../../ui/toast";
import { QrCode } from "./QrCode";

interface Props {
  hall: string;
  agent: string;
  onClose: () => void;
}

/** The page's address that signs in by itself (what follows the `#` stays in the browser), or the code alone where the page is closed. */
const link = ({ page, code }: Schema<"SignInCode">) => (page === null ? code : `${page}/#code=${code}`);

/** A one-time code for an agent's calibration page: issued when asked for, shown once. */
export function SignInCode({ hall, agent, onClose }: Props) {
  const [made, setMade] = useState<Schema<"SignInCode"> | null>(null);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const issue = async () => {
    setBusy(true);
    setFailed(null);
    try {
      setMade(await data(client.POST("/api/v1/fleet/{hall}/{agent}/sign-in-codes", { params: { path: { hall, agent }, header: {} as never } })));
    } catch (error) {
      setFailed(explain(error));
    }
    setBusy(false);
  };
  const copy = (code: string) => void navigator.clipboard.writeText(code).then(() => tell(t("fleet.copied")), complain);
  const actions = (
    <>
      <button type="button" onClick={onClose}>{t(made === null ? "ui.cancel" : "ui.close")}</button>
      {made === null && <button type="button" class="primary" disabled={busy} onClick={() => void issue()}>{t("fleet.code_make")}</button>}
      {made !== null && <button type="button" class="primary" onClick={() => copy(made.code)}>{t("fleet.code_copy")}</button>}
    </>
  );
  return (
    <Dialog title={t("fleet.code")} description={t("fleet.code_lead", { agent })} onClose={onClose} actions={actions} alert>
      {failed !== null && <p class="failed" role="alert">{failed}</p>}
      {made !== null && (
        <div class="enrol">
          <p>{t(made.page === null ? "fleet.code_how" : "fleet.code_open", { agent })}</p>
          {made.page !== null && <p><a href={link(made)} target="_blank" rel="noopener noreferrer">{made.page}</a></p>}
          {made.fingerprint !== null && (
            <>
              <p>{t("fleet.code_certificate")}</p>
              <p class="hashes fingerprint" data-fingerprint>{made.fingerprint}</p>
            </>
          )}
          <pre class="command"><code data-code>{made.code}</code></pre>
          <QrCode text={link(made)} name={t(made.page === null ? "fleet.code_qr" : "fleet.code_link_qr")} />
          <p class="muted">{t("fleet.code_until", { time: clock(made.expires_at) })}</p>
        </div>
      )}
    </Dialog>
  );
}
