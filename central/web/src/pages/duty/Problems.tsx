import type { Schema } from "../../api";
import { label, t } from "../../i18n";
import { Icon } from "../../ui/Icon";

/** Row by row what has to be corrected. */
export function Problems({ problems }: { problems: readonly Schema<"RosterRowProblem">[] }) {
  return (
    <div role="alert">
      <p class="failed"><Icon name="warning" /> {t("duty.import_wrong")}</p>
      <ul class="problems">
        {problems.map((one) => (
          <li key={`${one.row} ${one.field} ${one.found}`}>
            {one.row > 0 && <strong>{t("duty.row", { row: one.row })}</strong>} {label("duty.problem", one.field)}{one.found !== "" && <> <code>{one.found}</code></>}
          </li>
        ))}
      </ul>
    </div>
  );
}
