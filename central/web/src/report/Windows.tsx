import { t } from "../i18n";
import { DataTable } from "../ui/DataTable";
import { CoverageBar } from "./Totals";
import { tallyColumns } from "./charts";
import type { Report } from "./data";

/** Window by window, in the hall's order: no ranking. */
export function Windows({ report }: { report: Report }) {
  return (
    <DataTable
      caption={t("report.by_windows")}
      columns={[
        { id: "name", name: t("report.place"), cell: (window) => window.name },
        ...tallyColumns<Report["windows"][number]>(),
        { id: "bar", name: t("report.time"), cell: (window) => <CoverageBar of={window} /> },
        { id: "rate", name: t("report.rate"), number: true, cell: (window) => (window.rate === null ? "–" : window.rate.toFixed(1)) },
      ]}
      rows={report.windows}
      keyOf={(window) => window.window}
    />
  );
}
