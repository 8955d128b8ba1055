import { useState } from "preact/hooks";
import { type Hall, client } from "../api";
import { t } from "../i18n";
import { Dialog } from "../ui/Dialog";
import { complain, tell } from "../ui/toast";

const SIDE = 12;
type Places = Record<string, { x: number; y: number }>;

/** Puts a hall's windows where they are on the floor: choose one, tap its cell. */
export function Arrange({ hall, onClose }: { hall: Hall; onClose: () => void }) {
  const [places, setPlaces] = useState<Places>(() => Object.fromEntries(hall.windows.flatMap((w) => (w.place ? [[w.id, w.place]] : []))));
  const [chosen, setChosen] = useState(hall.windows.find((w) => !w.place)?.id ?? hall.windows[0]?.id ?? "");
  const at = (x: number, y: number) => hall.windows.find((w) => places[w.id]?.x === x && places[w.id]?.y === y);
  const put = (x: number, y: number) => {
    const there = at(x, y);
    if (there) return setChosen(there.id);
    const next = { ...places, [chosen]: { x, y } };
    setPlaces(next);
    setChosen(hall.windows.find((w) => !next[w.id])?.id ?? chosen);
  };
  const save = () => {
    const body = { places: Object.entries(places).map(([window, place]) => ({ window, ...place })) };
    client.PUT("/api/v1/halls/{hall}/floor", { params: { path: { hall: hall.id } }, body }).then(() => {
      tell(t("floor.saved"));
      onClose();
    }, complain);
  };
  const actions = (
    <>
      <button type="button" class="quiet" onClick={() => setPlaces({})}>{t("floor.clear")}</button>
      <button type="button" class="primary" onClick={save}>{t("ui.save")}</button>
    </>
  );
  return (
    <Dialog title={t("floor.arrange")} description={t("floor.lead")} onClose={onClose} actions={actions}>
      <div class="arrange-windows" role="radiogroup" aria-label={t("ui.windows")}>
        {hall.windows.map((w) => (
          <button key={w.id} type="button" role="radio" aria-checked={w.id === chosen} class={`tool ${places[w.id] ? "placed" : ""}`} onClick={() => setChosen(w.id)}>{w.name}</button>
        ))}
      </div>
      <div class="arrange" role="group" aria-label={t("floor.arrange")}>
        {Array.from({ length: SIDE * SIDE }, (_, n) => {
          const [x, y] = [n % SIDE, Math.floor(n / SIDE)];
          const window = at(x, y);
          const name = t("floor.place", { x: x + 1, y: y + 1 });
          return (
            <button key={n} type="button" class={`cell ${window ? "taken" : ""} ${window?.id === chosen ? "chosen" : ""}`} aria-label={window ? `${name}: ${window.name}` : name} onClick={() => put(x, y)}>
              {window?.id ?? ""}
            </button>
          );
        })}
      </div>
    </Dialog>
  );
}
