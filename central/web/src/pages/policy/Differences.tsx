import { label, t } from "../../i18n";
import { Icon } from "../../ui/Icon";
import { type Difference, listChange } from "./document";
import { fieldName, valueText } from "./names";

/** What changes, field by field: before and after, and of lists what came and what went. */
export function Differences({ differences }: { differences: readonly Difference[] }) {
  if (differences.length === 0) return <p class="muted">{t("policy.same")}</p>;
  return (
    <dl class="differences">
      {differences.map((one) => (
        <div key={one.field}>
          <dt>{fieldName(one.field)}</dt>
          <dd><Change {...one} /></dd>
        </div>
      ))}
    </dl>
  );
}

function Change({ field, before, after }: Difference) {
  const lists = listChange(before, after);
  if (lists === null) {
    return (
      <>
        <del>{valueText(field, before)}</del>
        <Icon name="forward" />
        <ins>{valueText(field, after)}</ins>
      </>
    );
  }
  const name = (value: string) => (field.endsWith("permitted") ? label("item", value) : value);
  return (
    <>
      {lists.removed.map((value) => <del key={value}>{name(value)}</del>)}
      {lists.added.map((value) => <ins key={value}>{name(value)}</ins>)}
    </>
  );
}
