import { useState } from "preact/hooks";
import { type Schema, type Severity, client } from "../api";
import { type Key, label, t } from "../i18n";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { explain } from "../ui/explain";
import { tell } from "../ui/toast";
import { SEVERITIES } from "../words";

const KINDS = ["wecom", "dingtalk", "feishu", "mail"] as const;
type Kind = Schema<"AddChannel">["kind"];

/** A group robot or an e-mail address. Details are off until somebody turns them on. */
export function AddChannel({ hall, mail, done, onClose }: { hall: string; mail: boolean; done: () => Promise<void>; onClose: () => void }) {
  const [kind, setKind] = useState<Kind>("wecom");
  const [name, setName] = useState("");
  const [target, setTarget] = useState("");
  const [secret, setSecret] = useState("");
  const [severity, setSeverity] = useState<Severity>("warning");
  const [detailed, setDetailed] = useState(false);
  const [escalation, setEscalation] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const add = (submit: Event) => {
    submit.preventDefault();
    const body = { kind, name, target, secret, severity, detailed, escalation };
    client.POST("/api/v1/halls/{hall}/channels", { params: { path: { hall } }, body }).then(() => {
      tell(t("notify.saved"));
      onClose();
      return done();
    }, (error: unknown) => setFailed(explain(error)));
  };
  const signs = kind === "dingtalk" || kind === "feishu";
  return (
    <Dialog title={t("notify.add")} onClose={onClose}>
      <form class="form" onSubmit={add}>
        <Field label={t("notify.kind")} hint={kind === "mail" && !mail ? t("notify.no_mail") : undefined}>
          <select name="kind" value={kind} onChange={(e) => setKind(e.currentTarget.value as Kind)}>{KINDS.map((k) => <option key={k} value={k}>{t(`notify.kind.${k}` as Key)}</option>)}</select>
        </Field>
        <Field label={t("notify.name")}><input name="name" required maxLength={40} value={name} onInput={(e) => setName(e.currentTarget.value)} /></Field>
        <Field label={t(kind === "mail" ? "notify.target_mail" : "notify.target")}><input name="target" inputMode={kind === "mail" ? "email" : "url"} required value={target} onInput={(e) => setTarget(e.currentTarget.value)} /></Field>
        {signs && <Field label={t("notify.secret")} hint={t("notify.secret_hint")}><input name="secret" autocomplete="off" value={secret} onInput={(e) => setSecret(e.currentTarget.value)} /></Field>}
        <Field label={t("notify.severity")}><select name="severity" value={severity} onChange={(e) => setSeverity(e.currentTarget.value as Severity)}>{SEVERITIES.map((s) => <option key={s} value={s}>{label("severity", s)}</option>)}</select></Field>
        <label class="check"><input type="checkbox" name="escalation" checked={escalation} onChange={(e) => setEscalation(e.currentTarget.checked)} />{t("notify.escalation")}</label>
        <label class="check"><input type="checkbox" name="detailed" checked={detailed} onChange={(e) => setDetailed(e.currentTarget.checked)} />{t("notify.detailed")}</label>
        <p class="hint">{t("notify.detailed_hint")}</p>
        {failed !== null && <p class="failed" role="alert">{failed}</p>}
        <div class="actions end"><button type="submit" class="primary">{t("notify.add")}</button></div>
      </form>
    </Dialog>
  );
}
