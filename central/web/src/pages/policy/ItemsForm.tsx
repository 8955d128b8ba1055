import { label, t } from "../../i18n";
import { Section } from "../../ui/Page";
import { ITEMS } from "./document";
import type { Draft } from "./Editor";

/** What may lie on every desk of the hall; windows may permit more in their calibration. */
export function ItemsForm({ draft }: { draft: Draft }) {
  const permitted = draft.document.items.permitted;
  const toggle = (item: string, on: boolean) =>
    draft.set("items.permitted", ITEMS.filter((one) => (one === item ? on : permitted.includes(one))));
  return (
    <Section title={t("policy.items")} lead={t("policy.items_lead")}>
      <fieldset disabled={draft.readOnly} class="items">
        <legend class="hidden">{t("policy.items")}</legend>
        {ITEMS.map((item) => (
          <label key={item} class="check">
            <input type="checkbox" checked={permitted.includes(item)} onChange={(e) => toggle(item, e.currentTarget.checked)} />
            {label("item", item)}
          </label>
        ))}
      </fieldset>
    </Section>
  );
}
