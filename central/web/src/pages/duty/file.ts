/** A roster's file on its way to the server. */

export const CSV = "text/csv";
export const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** What a file is, by its name: browsers tell a file's type only where the system knows it. */
export function kindOf(name: string): typeof CSV | typeof XLSX | null {
  if (/\.csv$/i.test(name)) return CSV;
  return /\.xlsx$/i.test(name) ? XLSX : null;
}

/** The text of a CSV file. Spreadsheets on Chinese systems write it in GB 18030 unless told otherwise. */
export function csvText(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}
