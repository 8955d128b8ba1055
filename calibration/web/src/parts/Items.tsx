import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { complain, tell } from "@central/ui/toast";
import { useEffect, useState } from "preact/hooks";
import { type Box, type Items as Seen, api } from "../api";
import { type WindowDraft, withWindow } from "../editor/draft";
import { box, common } from "../editor/geometry";
import { drawing, drawn, zoomTo } from "../stage/gestures";
import { frozen } from "../stage/live";
import { zoomOf } from "../stage/view";
import { offers } from "../offers";
import { change, draft, select } from "../work";
import { CUSTOM, item } from "./names";
import { observed } from "./observed";

/** Permitted by the contract wherever the policy does not say otherwise. */
const USUAL = ["monitor", "scanner", "evaluator", "telephone", "pen_holder", "post_sign", "notice_sign", "name_plate", "keyboard", "mouse", "document", "card_reader", "printer", "stapler"];
const OTHERS = ["cup", "bottle", "food", "bag", "book", "mobile_phone", "cigarette_pack", "toy", "plant", "cosmetics", "clothing", "tissue", "umbrella"];
/** Names the hint that says why a taught item cannot be required. */
const ONLY_PERMITTED = "only-permitted";
const NAME = /^[a-z0-9_-]{1,32}$/;

/** What may and what must lie on a window's desk: from what is recognised there, and what is taught. */
export function Items({ window }: { window: WindowDraft }) {
  const [seen, setSeen] = useState<Seen>({ items: [], custom: [] });
  const load = () => api.items(window.id).then(setSeen, () => undefined);
  useEffect(() => {
    if (offers("items")) observed().then(load, complain);
  }, [window.id]);
  const here = new Set(seen.items.map((one) => (one.custom === undefined ? one.class : CUSTOM + one.custom)));
  const named = [...window.required, ...window.permitted];
  const rows = [...new Set([...here, ...named])].filter((name) => name !== "unrecognised").sort((a, b) => order(a) - order(b));
  const rest = [...USUAL, ...OTHERS].filter((name) => !rows.includes(name));
  const set = (name: string, what: "required" | "permitted", on: boolean) => {
    const without = window[what].filter((one) => one !== name);
    change(withWindow(draft.peek(), window.id, { [what]: on ? [...without, name] : without }));
  };
  return (
    <div class="items">
      <h3>{t("calibrate.items")}</h3>
      {rows.length > 0 && (
        <ul>
          {rows.map((name) => (
            <li key={name} class="item-row">
              <span>{item(name)}{here.has(name) && <small class="muted"> {t("calibrate.seen_here")}</small>}</span>
              <label class="check"><input type="checkbox" checked={USUAL.includes(name) || window.permitted.includes(name)} disabled={USUAL.includes(name)} onChange={(event) => set(name, "permitted", event.currentTarget.checked)} />{t("calibrate.permitted")}</label>
              <label class="check"><input type="checkbox" checked={window.required.includes(name)} disabled={name.startsWith(CUSTOM)} aria-describedby={name.startsWith(CUSTOM) ? ONLY_PERMITTED : undefined} onChange={(event) => set(name, "required", event.currentTarget.checked)} />{t("calibrate.required")}</label>
            </li>
          ))}
        </ul>
      )}
      {rows.some((name) => name.startsWith(CUSTOM)) && <p class="hint" id={ONLY_PERMITTED}>{t("calibrate.custom_only_permitted")}</p>}
      <select aria-label={t("calibrate.add_item")} value="" onChange={(event) => set(event.currentTarget.value, USUAL.includes(event.currentTarget.value) ? "required" : "permitted", true)}>
        <option value="" disabled>{t("calibrate.add_item")}</option>
        {rest.map((name) => <option key={name} value={name}>{item(name)}</option>)}
      </select>
      {offers("items") && <Teach window={window} custom={seen.custom} reload={load} />}
    </div>
  );
}

const order = (name: string): number => {
  const at = [...USUAL, ...OTHERS].indexOf(name);
  return at < 0 ? 99 : at;
};

/** An item that the system does not know: a box around it and a name, and it knows it again. */
function Teach({ window, custom, reload }: { window: WindowDraft; custom: Seen["custom"]; reload: () => Promise<unknown> }) {
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const isDrawing = drawing.value;
  const around = isDrawing ? rectOf(drawn.value) : null;
  useEffect(() => stop, []);
  const start = () => {
    select({ kind: "window", id: window.id, part: window.desk === null ? "seat" : "desk" });
    zoomTo(zoomOf(box(window.desk ?? window.seat)));
    frozen.value = true;
    drawing.value = true;
  };
  const teach = async () => {
    if (around === null) return;
    setBusy(true);
    try {
      await api.teach(window.id, name, around);
      change(withWindow(draft.peek(), window.id, { permitted: [...window.permitted.filter((one) => one !== CUSTOM + name), CUSTOM + name] }));
      tell(t("calibrate.taught", { name }));
      setName("");
      stop();
      await reload();
    } catch (error) {
      complain(error);
    }
    setBusy(false);
  };
  return (
    <>
      {custom.length > 0 && (
        <ul class="custom">
          {custom.map((one) => (
            <li key={one.name} class="row">
              <span>{one.name} <small class="muted">{t("calibrate.shots", { n: one.shots })}</small></span>
              <button type="button" class="tool quiet" aria-label={t("calibrate.forget_item", { name: one.name })} onClick={() => void api.forgetItem(window.id, one.name).then(reload).catch(complain)}><Icon name="trash" /></button>
            </li>
          ))}
        </ul>
      )}
      {!isDrawing && <button type="button" onClick={start}><Icon name="edit" />{t("calibrate.teach")}</button>}
      {isDrawing && (
        <div class="notice info">
          <Icon name="edit" />
          <div class="grow">
            <p>{around === null ? t("calibrate.draw_box") : t("calibrate.name_box")}</p>
            {around !== null && (
              <label class="number-field wide">
                <span>{t("calibrate.item_name")}</span>
                <input value={name} maxLength={32} autoCapitalize="none" spellcheck={false} onInput={(event) => setName(event.currentTarget.value.toLowerCase())} />
                <small class="hint">{t("calibrate.item_name_hint")}</small>
              </label>
            )}
            <div class="actions">
              <button type="button" onClick={stop}>{t("ui.cancel")}</button>
              {around !== null && <button type="button" class="primary" disabled={busy || !NAME.test(name)} onClick={() => void teach()}>{t("calibrate.teach_this")}</button>}
            </div>
          </div>
        </div>
      )}
    </>
  );
}

function stop(): void {
  drawing.value = false;
  drawn.value = null;
  frozen.value = false;
}

/** The drawn rectangle within the picture; null where it is too small to hold anything. */
function rectOf(rect: typeof drawn.value): Box | null {
  if (rect === null) return null;
  const { left, top, right, bottom } = common(box([rect.from, rect.to]), { left: 0, top: 0, right: 1, bottom: 1 });
  return right - left > 0.005 && bottom - top > 0.005 ? [left, top, right - left, bottom - top] : null;
}
