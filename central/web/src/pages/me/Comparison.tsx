import { t } from "../../i18n";
import { Section } from "../../ui/Page";
import type { Summary } from "./counting";

/** One's own figure beside the others' together, where enough people stand behind it. In no order, with no judgement. */
export function Comparison({ of }: { of: Summary["comparison"] }) {
  const most = Math.max(of.own ?? 0, of.others ?? 0, 1);
  const bar = (name: string, value: number) => (
    <div key={name}>
      <dt>{name}</dt>
      <dd><span class="bar" aria-hidden="true"><span style={{ width: `${(value / most) * 100}%` }} /></span>{value.toFixed(1)}</dd>
    </div>
  );
  return (
    <Section title={t("me.compare")} lead={t("me.compare_lead", { n: of.fewest })}>
      {of.own === null && of.others === null ? <p class="muted">{t("me.compare_withheld", { n: of.fewest })}</p> : (
        <dl class="beside">
          {of.own !== null && bar(t("me.compare_own"), of.own)}
          {of.others !== null && bar(t("me.compare_others", { n: of.people ?? 0 }), of.others)}
        </dl>
      )}
      {of.own !== null && of.others === null && <p class="muted">{t("me.compare_withheld", { n: of.fewest })}</p>}
      {of.own === null && of.others !== null && <p class="muted">{t("me.compare_short")}</p>}
    </Section>
  );
}
