/** Shapes, findings and items as people read them. */

import { label, t } from "@central/i18n";
import type { Place, Values, VersionChange } from "../api";
import type { Shape } from "../editor/draft";
import { draft } from "../work";

/** How a calibration names an item that was taught at a window. */
export const CUSTOM = "custom:";

export function nameOf(shape: Shape): string {
  if (shape.kind === "window") return t(shape.part === "seat" ? "calibrate.seat_of" : "calibrate.desk_of", { window: shape.id });
  if (shape.kind === "zone") return t("calibrate.zone_named", { zone: shape.id });
  const camera = draft.value.privacy_masks[shape.index]?.camera;
  const n = draft.value.privacy_masks.slice(0, shape.index + 1).filter((mask) => mask.camera === camera).length;
  return t("calibrate.mask_n", { n });
}

export function placeOf({ kind, id, part }: Place): string {
  if (part === "seat") return t("calibrate.seat_of", { window: id });
  if (part === "desk") return t("calibrate.desk_of", { window: id });
  const place = wholeOf({ kind, id });
  return part && part !== "polygon" ? t("calibrate.part_of", { place, part: label("calibration.part", part) }) : place;
}

function wholeOf({ kind, id }: Pick<Place, "kind" | "id">): string {
  if (kind === "zone") return t("calibrate.zone_named", { zone: id });
  if (kind === "mask") return t("calibrate.mask_n", { n: id });
  if (kind === "lens") return t("calibrate.lens_of", { camera: id });
  // What is said of the whole calibration has no place.
  return id === "" ? "" : t("ui.window", { window: id });
}

/** What is said of a place, with its figures. */
export function sentence(area: "calibration.finding" | "calibration.change", code: string, values: Values): string {
  return label(area, code).replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "string" ? value : String(Math.round(value * 10) / 10);
  });
}

/** What was done to a place; items by their names. */
export function changed({ kind, place: { part }, values }: VersionChange): string {
  const isOfItems = part === "required" || part === "permitted";
  const named = (value: string | number) => {
    if (value === "") return t("calibrate.nothing");
    return isOfItems ? String(value).split(" ").map(item).join(t("calibrate.comma")) : value;
  };
  return sentence("calibration.change", kind, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, named(value)])));
}

/** An item by its name; what was taught here keeps the name that it was given. */
export function item(name: string): string {
  return name.startsWith(CUSTOM) ? name.slice(CUSTOM.length) : label("item", name);
}

