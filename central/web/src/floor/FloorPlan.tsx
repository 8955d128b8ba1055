import type { WindowView } from "../api";
import { WindowTile } from "../components/WindowTile";
import { arrange } from "./arrange";

/** A hall's windows as they are on the floor; where nobody arranged them, one after the other. Phones list them in reading order. */
export function FloorPlan({ hall, windows }: { hall: string; windows: readonly WindowView[] }) {
  const placed = windows.some((window) => window.place);
  if (!placed) {
    return <ul class="tiles">{windows.map((window) => <WindowTile key={window.id} hall={hall} window={window} />)}</ul>;
  }
  const { cells, columns } = arrange(windows);
  return (
    <ul class="tiles floor" style={{ "--columns": String(columns) }}>
      {cells.map(({ window, x, y }) => (
        <WindowTile key={window.id} hall={hall} window={window} cell={{ gridColumn: String(x + 1), gridRow: String(y + 1) }} />
      ))}
    </ul>
  );
}
