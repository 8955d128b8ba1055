import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { type Shape, keyOf, pointsOf, withPoints } from "../editor/draft";
import { type Point, inserted, removed, replaced } from "../editor/geometry";
import { change, corner, draft, endStep } from "../work";

/** What can be done to the corners of the selected polygon without dragging: by buttons and by numbers. */
export function ShapeTools({ shape }: { shape: Shape }) {
  const points = pointsOf(draft.value, shape);
  if (points === null) return null;
  const at = corner.value ?? 0;
  const put = (next: typeof points) => {
    endStep();
    change(withPoints(draft.peek(), shape, next));
  };
  const type = (index: number, axis: 0 | 1, text: string) => {
    const value = Number(text.replace(",", ".")) / 100;
    if (text.trim() === "" || !Number.isFinite(value)) return;
    const [x, y] = points[index]!;
    const next: Point = axis === 0 ? [value, y] : [x, value];
    change(withPoints(draft.peek(), shape, replaced(points, index, next)), `number/${keyOf(shape)}/${index}/${axis}`);
  };
  return (
    <>
      <div class="actions">
        <button type="button" onClick={() => { put(inserted(points, at)); corner.value = at + 1; }}><Icon name="plus" />{t("calibrate.insert_corner")}</button>
        <button type="button" disabled={points.length <= 3 || corner.value === null} onClick={() => put(removed(points, at))}><Icon name="trash" />{t("calibrate.delete_corner")}</button>
      </div>
      <details class="numbers">
        <summary>{t("calibrate.numbers")}</summary>
        <p class="hint" id="corner-keys">{t("calibrate.corner_keys")}</p>
        <ol class="coordinates">
          {points.map(([x, y], index) => (
            <li key={index}>
              <span aria-hidden="true">{index + 1}</span>
              {([x, y] as const).map((value, axis) => (
                <input
                  key={axis} type="number" inputMode="decimal" min="0" max="100" step="0.1" value={(value * 100).toFixed(2).replace(/0$/, "")}
                  aria-label={t(axis === 0 ? "calibrate.corner_x" : "calibrate.corner_y", { n: index + 1 })}
                  onFocus={() => (corner.value = index)} onChange={(event) => type(index, axis as 0 | 1, event.currentTarget.value)} onBlur={endStep}
                />
              ))}
              <span class="muted" aria-hidden="true">%</span>
            </li>
          ))}
        </ol>
      </details>
    </>
  );
}
