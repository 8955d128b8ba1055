import type { ComponentChildren } from "preact";

/** What a cell says that has nothing to say; a phone leaves it out. */
export const NOTHING = "—";

export interface Column<Row> {
  id: string;
  name: string;
  cell: (row: Row) => ComponentChildren;
  /** Numbers stand at the right, so that they can be compared. */
  number?: boolean;
}

interface Props<Row> {
  /** What the table holds, for people who do not see it. */
  caption: string;
  /** Whether the caption is also shown. */
  showCaption?: boolean;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** A class for a row, such as its severity. */
  look?: (row: Row) => string;
  /** What to show where there are no rows. */
  empty?: ComponentChildren;
}

/** A table; on a phone every row becomes a card that names its values. The first column is the row's heading. */
export function DataTable<Row>({ caption, showCaption, columns, rows, keyOf, look, empty }: Props<Row>) {
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  return (
    <div class="table">
      <table>
        <caption class={showCaption ? "" : "hidden"}>{caption}</caption>
        <thead>
          <tr>{columns.map((c) => <th key={c.id} scope="col" class={c.number ? "number" : ""}>{c.name}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} class={look?.(row) ?? ""}>
              {columns.map((c, i) => {
                const says = c.cell(row);
                if (i === 0) return <th key={c.id} scope="row">{says}</th>;
                return <td key={c.id} class={`${c.number ? "number" : ""} ${says === NOTHING ? "nothing" : ""}`} data-name={c.name}><div>{says}</div></td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
