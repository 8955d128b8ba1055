/** What a draft changes against what is saved, in the words of the difference of two versions. Pure. */

import type { Draft } from "./draft";

export interface Change {
  kind: "added" | "removed" | "changed";
  what: "window" | "zone" | "mask" | "lens";
  id: string;
}

export function changes(before: Draft, after: Draft): Change[] {
  const lists = (draft: Draft): [Change["what"], [string, unknown][]][] => [
    ["window", draft.windows.map((w) => [w.id, w])],
    ["zone", draft.smoking_zones.map((zone) => [zone.id, zone])],
    ["mask", draft.privacy_masks.map((mask, i) => [`${mask.camera}/${i + 1}`, mask])],
    ["lens", draft.lenses.map((lens) => [lens.camera, lens])],
  ];
  const old = new Map(lists(before).map(([what, entries]) => [what, new Map(entries)]));
  return lists(after).flatMap(([what, entries]) => {
    const was = old.get(what)!;
    const is = new Map(entries);
    const added = entries.flatMap(([id, value]): Change[] => {
      if (!was.has(id)) return [{ kind: "added", what, id }];
      return JSON.stringify(was.get(id)) === JSON.stringify(value) ? [] : [{ kind: "changed", what, id }];
    });
    const removed = [...was.keys()].filter((id) => !is.has(id)).map((id): Change => ({ kind: "removed", what, id }));
    return [...added, ...removed];
  });
}
