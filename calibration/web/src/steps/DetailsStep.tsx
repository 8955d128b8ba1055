import { t } from "@central/i18n";
import { Icon } from "@central/ui/Icon";
import { Section } from "@central/ui/Page";
import { freshArea, freeZoneId, windowsOf, withWindow, withoutShape } from "../editor/draft";
import { Findings } from "../parts/Findings";
import { Items } from "../parts/Items";
import { LevelTool } from "../parts/LevelTool";
import { ShapeTools } from "../parts/ShapeTools";
import { UndoRedo } from "../parts/UndoRedo";
import { WindowChips, selectedWindow } from "../parts/WindowChips";
import { nameOf } from "../parts/names";
import { offers } from "../offers";
import { camera } from "../place";
import { middleOfView } from "../stage/view";
import { change, draft, select, selected } from "../work";

const MOST_STAFF = 4;

/** What is set for a window, and what lies beside the windows: masks, smoking zones, level. */
export function DetailsStep() {
  const id = camera.value?.id ?? "";
  const window = selectedWindow();
  return (
    <>
      <header class="step-head">
        <h1>{t("calibrate.step.details")}</h1>
        <UndoRedo />
      </header>
      <Section title={t("calibrate.per_window")} lead={window === null ? t("calibrate.choose_window") : undefined!}>
        <WindowChips />
        {window !== null && (
          <>
            <Post id={window.id} post={window.post} />
            <Items key={window.id} window={window} />
          </>
        )}
        {window === null && windowsOf(draft.value, id).length === 0 && <p class="hint">{t("calibrate.no_windows_yet")}</p>}
      </Section>
      <Masks camera={id} />
      <Zones camera={id} />
      {offers("level") && <LevelTool camera={id} />}
    </>
  );
}

function Post({ id, post }: { id: string; post: number }) {
  const set = (next: number) => change(withWindow(draft.value, id, { post: next }));
  return (
    <div class="row post">
      <span id="post-label">{t("calibrate.post")}</span>
      <span class="counter" role="group" aria-labelledby="post-label">
        <button type="button" aria-label={t("calibrate.fewer")} disabled={post <= 1} onClick={() => set(post - 1)}><span aria-hidden="true" class="sign">−</span></button>
        <output aria-live="polite">{post}</output>
        <button type="button" aria-label={t("calibrate.more")} disabled={post >= MOST_STAFF} onClick={() => set(post + 1)}><Icon name="plus" /></button>
      </span>
    </div>
  );
}

/** What no model and nobody on this page may see. */
function Masks({ camera }: { camera: string }) {
  const own = draft.value.privacy_masks.flatMap((mask, index) => (mask.camera === camera ? [index] : []));
  const add = () => {
    const next = { ...draft.value, privacy_masks: [...draft.value.privacy_masks, { camera, polygon: freshArea(middleOfView()) }] };
    change(next);
    select({ kind: "mask", index: next.privacy_masks.length - 1 });
  };
  return (
    <Section title={t("calibrate.masks")} lead={t("calibrate.masks_lead")}>
      <div class="chips" role="group" aria-label={t("calibrate.masks")}>
        {own.map((index) => {
          const isChosen = selected.value?.kind === "mask" && selected.value.index === index;
          return <button key={index} type="button" class="chip" aria-pressed={isChosen} onClick={() => select(isChosen ? null : { kind: "mask", index })}>{nameOf({ kind: "mask", index })}</button>;
        })}
        <button type="button" class="chip add" onClick={add}><Icon name="plus" />{t("calibrate.add_mask")}</button>
      </div>
      {selected.value?.kind === "mask" && own.includes(selected.value.index) && <Area text={t("calibrate.delete_mask")} />}
      <Findings of={({ place }) => place.kind === "mask"} />
    </Section>
  );
}

/** Off unless somebody draws one on purpose: what is beyond the windows is the public's. */
function Zones({ camera }: { camera: string }) {
  const own = draft.value.smoking_zones.filter((zone) => zone.camera === camera);
  const add = () => {
    const id = freeZoneId(draft.value);
    change({ ...draft.value, smoking_zones: [...draft.value.smoking_zones, { id, camera, polygon: freshArea(middleOfView()) }] });
    select({ kind: "zone", id });
  };
  return (
    <Section title={t("calibrate.zones")} lead={own.length === 0 ? t("calibrate.zones_off") : undefined!}>
      <p class="notice"><Icon name="shield" /><span>{t("calibrate.zones_law")}</span></p>
      <div class="chips" role="group" aria-label={t("calibrate.zones")}>
        {own.map(({ id }) => {
          const isChosen = selected.value?.kind === "zone" && selected.value.id === id;
          return <button key={id} type="button" class="chip" aria-pressed={isChosen} onClick={() => select(isChosen ? null : { kind: "zone", id })}>{id}</button>;
        })}
        <button type="button" class="chip add" onClick={add}><Icon name="plus" />{t("calibrate.add_zone")}</button>
      </div>
      {selected.value?.kind === "zone" && <Area text={t("calibrate.delete_zone")} />}
      <Findings of={({ place }) => place.kind === "zone"} />
    </Section>
  );
}

/** Corners of the selected area, and the way to be rid of it. */
function Area({ text }: { text: string }) {
  const shape = selected.value!;
  return (
    <div class="chosen">
      <ShapeTools shape={shape} />
      <div class="actions">
        <button type="button" class="danger" onClick={() => change(withoutShape(draft.value, shape))}><Icon name="trash" />{text}</button>
      </div>
    </div>
  );
}
