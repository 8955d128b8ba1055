import type { Severity } from "../../api";
import { label, t } from "../../i18n";
import { Field } from "../../ui/Field";
import { Icon } from "../../ui/Icon";
import { SEVERITIES } from "../../words";
import { NUMBERS, numberOf } from "./document";
import type { Draft } from "./Editor";
import { ruleName, seconds } from "./names";

/** One rule: what matters in its head, everything else behind it. */
export function RuleForm({ rule, draft }: { rule: string; draft: Draft }) {
  const settings = draft.document.rules[rule];
  if (!settings) return null;
  const at = (key: string) => `rules.${rule}.${key}`;
  const isWrong = ["enabled", "article", "severity", ...NUMBERS].some((key) => draft.wrong(at(key)) !== null);
  return (
    <details class={`rule ${settings.enabled ? settings.severity : "rule-off"} ${isWrong ? "wrong" : ""}`}>
      <summary>
        <Icon name={settings.enabled ? (settings.severity as Severity) : "close"} />
        <span class="rule-name">{ruleName(rule)}</span>
        <span class="rule-facts">
          {settings.enabled
            ? `${t("policy.after", { time: typeof settings.raise_after_s === "number" ? seconds(settings.raise_after_s) : "?" })} · ${label("severity", settings.severity)}`
            : t("policy.off")}
        </span>
        <Icon name="down" />
      </summary>
      <fieldset disabled={draft.readOnly} class="rule-body">
        <legend class="hidden">{ruleName(rule)}</legend>
        <label class="check">
          <input type="checkbox" checked={settings.enabled} onChange={(e) => draft.set(at("enabled"), e.currentTarget.checked)} />
          {t("policy.field.enabled")}
        </label>
        <div class="rule-fields">
          <Field label={t("policy.field.severity")} error={draft.wrong(at("severity"))}>
            <select value={settings.severity} onChange={(e) => draft.set(at("severity"), e.currentTarget.value)}>
              {SEVERITIES.map((severity) => <option key={severity} value={severity}>{label("severity", severity)}</option>)}
            </select>
          </Field>
          <Field label={t("policy.field.article")} error={draft.wrong(at("article"))}>
            <input value={settings.article} maxLength={16} onInput={(e) => draft.set(at("article"), e.currentTarget.value)} />
          </Field>
          {NUMBERS.map((key) => (
            <Field key={key} label={label("policy.field", key)} hint={label("policy.hint", key)} error={draft.wrong(at(key))}>
              <input
                name={at(key)}
                inputMode="decimal"
                value={String(settings[key])}
                onInput={(e) => draft.set(at(key), numberOf(e.currentTarget.value))}
              />
            </Field>
          ))}
        </div>
      </fieldset>
    </details>
  );
}
