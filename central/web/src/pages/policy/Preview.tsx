import { useEffect, useState } from "preact/hooks";
import { type Schema, client, data } from "../../api";
import { label, t } from "../../i18n";
import { clock } from "../../time";
import { DataTable } from "../../ui/DataTable";
import { explain } from "../../ui/explain";
import { Field } from "../../ui/Field";
import { Section } from "../../ui/Page";
import { ErrorState, Skeleton } from "../../ui/states";
import type { Document } from "./document";
import { ruleName, seconds } from "./names";

type Result = Schema<"Preview">;
type RuleResult = Schema<"RulePreview">;

const GONE = ["rule_off", "off_duty", "too_short", "permitted", "cooldown", "merged"] as const;

/** Which recorded episodes would still have been raised; and where nobody can know, that. */
export function Preview({ hall, document }: { hall: string; document: Document }) {
  const [days, setDays] = useState(30);
  const [result, setResult] = useState<Result | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  useEffect(() => {
    let current = true;
    const ask = async () => {
      try {
        const body = { document: document as unknown as Record<string, never>, days };
        const found = await data(client.POST("/api/v1/policies/{hall}/preview", { params: { path: { hall }, header: {} as never }, body }));
        if (current) setResult(found);
        if (current) setFailed(null);
      } catch (error) {
        if (current) setFailed(explain(error));
      }
    };
    const timer = setTimeout(() => void ask(), 500);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [document, days]);
  const chooser = (
    <Field label={t("policy.days")}>
      <select value={days} onChange={(e) => setDays(Number(e.currentTarget.value))}>
        {[7, 30, 90].map((n) => <option key={n} value={n}>{t("policy.n_days", { n })}</option>)}
      </select>
    </Field>
  );
  return (
    <Section title={t("policy.preview")} lead={t("policy.preview_lead")} actions={chooser}>
      {failed !== null && <ErrorState message={failed} />}
      {result === null && failed === null && <Skeleton lines={3} />}
      {result !== null && <Shown result={result} />}
    </Section>
  );
}

function Shown({ result }: { result: Result }) {
  const rules = result.rules.filter((rule) => rule.recorded > 0 || rule.looser.length > 0);
  const count = (rule: RuleResult, verdicts: readonly string[]) => verdicts.reduce((sum, v) => sum + (rule.verdicts[v] ?? 0), 0);
  return (
    <>
      {result.under_unknown_rules > 0 && <p class="notice warning">{t("policy.under_unknown", { n: result.under_unknown_rules })}</p>}
      {result.left_out && <p class="notice warning">{t("policy.left_out")}</p>}
      <DataTable
        caption={t("policy.preview")}
        columns={[
          { id: "rule", name: t("ui.rule"), cell: (rule: RuleResult) => ruleName(rule.rule) },
          { id: "recorded", name: t("policy.recorded"), number: true, cell: (rule) => rule.recorded },
          { id: "raised", name: t("policy.verdict.raised"), number: true, cell: (rule) => count(rule, ["raised"]) },
          { id: "gone", name: t("policy.not_raised"), number: true, cell: (rule) => count(rule, GONE) },
          { id: "uncertain", name: t("policy.verdict.uncertain"), number: true, cell: (rule) => count(rule, ["uncertain"]) },
          { id: "more", name: t("policy.beyond"), cell: beyond },
        ]}
        rows={rules}
        keyOf={(rule) => rule.rule}
        empty={<p class="muted">{t("policy.nothing_recorded")}</p>}
      />
      {result.changed.length > 0 && (
        <details>
          <summary>{t("policy.changed_episodes", { n: result.changed.length })}</summary>
          <DataTable
            caption={t("policy.changed_episodes", { n: result.changed.length })}
            columns={[
              { id: "rule", name: t("ui.rule"), cell: (one) => <a href={`/events/${one.id}`}>{ruleName(one.rule)}</a> },
              { id: "place", name: t("ui.window_label"), cell: (one) => one.place },
              { id: "began", name: t("ui.began"), cell: (one) => clock(one.opened_at) },
              { id: "lasted", name: t("ui.observed"), number: true, cell: (one) => seconds(Math.round(one.observed_s)) },
              { id: "verdict", name: t("policy.then"), cell: (one) => label("policy.verdict", one.verdict) },
            ]}
            rows={result.changed}
            keyOf={(one) => one.id}
          />
        </details>
      )}
    </>
  );
}

/** What cannot be known, or what else changes. */
function beyond(rule: RuleResult) {
  const looser = rule.looser.map((key) => label("policy.field", key)).join(t("text.list_separator"));
  const severity = rule.severity_changed > 0 ? t("policy.other_severity", { n: rule.severity_changed }) : "";
  if (looser === "") return severity || "—";
  return <span class="badge warning">{t("policy.cannot_know", { settings: looser })}{severity && ` ${severity}`}</span>;
}

