/** In reading order, without empty columns and rows before the first; windows without a place come in rows of their own. */
export function arrange<W extends { place: { x: number; y: number } | null }>(windows: readonly W[]): { cells: { window: W; x: number; y: number }[]; columns: number } {
  const placed = windows.flatMap((window) => (window.place ? [{ window, x: window.place.x, y: window.place.y }] : []));
  const left = Math.min(...placed.map((cell) => cell.x));
  const top = Math.min(...placed.map((cell) => cell.y));
  const cells = placed.map((cell) => ({ ...cell, x: cell.x - left, y: cell.y - top })).sort((a, b) => a.y - b.y || a.x - b.x);
  const columns = Math.max(...cells.map((cell) => cell.x)) + 1;
  const below = Math.max(...cells.map((cell) => cell.y)) + 1;
  const rest = windows.filter((window) => window.place === null);
  rest.forEach((window, n) => cells.push({ window, x: n % columns, y: below + Math.floor(n / columns) }));
  return { cells, columns };
}
