/** The draft in hand: its steps, what is selected, what the agent says of it. */

import { computed, effect, signal } from "@preact/signals";
import { type Calibration, type Checked, type Finding, api } from "./api";
import { changes } from "./editor/changes";
import { type Draft, EMPTY, type Shape, pointsOf, sameShape } from "./editor/draft";
import { type History, begin, redo, settle, take, undo } from "./editor/history";
import { keep, kept } from "./keep";

/** What is in force, as far as the page knows. */
export const saved = signal<Calibration | null>(null);
const steps = signal<History<Draft>>(begin(EMPTY));
export const selected = signal<Shape | null>(null);
/** The corner that deeds and keys work on. */
export const corner = signal<number | null>(null);
export const findings = signal<Checked>({ problems: [], warnings: [] });
/** Whether somebody else saved since this draft was begun. */
export const overtaken = signal(false);

export const draft = computed(() => steps.value.present);
export const canUndo = computed(() => steps.value.past.length > 0);
export const canRedo = computed(() => steps.value.future.length > 0);
export const unsaved = computed(() => (saved.value === null ? [] : changes(saved.value.draft, draft.value)));

interface Kept {
  draft: Draft;
  version: string;
}

/** Fetches what is in force and goes on with a draft that a reload interrupted. */
export async function open(): Promise<void> {
  const calibration = await api.calibration();
  const before = kept<Kept>("draft");
  saved.value = calibration;
  steps.value = before === null ? begin(calibration.draft) : take(begin(calibration.draft), before.draft);
  overtaken.value = before !== null && before.version !== calibration.version;
}

/** Takes what is in force and forgets the draft. */
export async function reset(): Promise<void> {
  const calibration = await api.calibration();
  saved.value = calibration;
  steps.value = begin(calibration.draft);
  overtaken.value = false;
  selectedStillThere();
}

/** Changes the draft. Changes of one `step` name in a row are undone as one. */
export function change(next: Draft, step: string | null = null): void {
  steps.value = take(steps.value, next, step);
  selectedStillThere();
}

export function endStep(): void {
  steps.value = settle(steps.value);
}

export function undoStep(): void {
  steps.value = undo(steps.value);
  selectedStillThere();
}

export function redoStep(): void {
  steps.value = redo(steps.value);
  selectedStillThere();
}

export function select(shape: Shape | null, at: number | null = null): void {
  if (!sameShape(selected.peek(), shape)) endStep();
  selected.value = shape;
  corner.value = at;
}

function selectedStillThere(): void {
  const points = pointsOf(draft.peek(), selected.peek());
  if (points === null) select(null);
  else if (corner.peek() !== null && corner.peek()! >= points.length) corner.value = points.length - 1;
}

export async function save(): Promise<void> {
  const { version } = await api.save(draft.value, saved.value?.version ?? "");
  await reset();
  if (saved.value) saved.value = { ...saved.value, version };
}

/** What is said of a shape, problems first. */
export function saidOf(shape: Shape): { finding: Finding; serious: boolean }[] {
  const { problems, warnings } = findings.value;
  const concerns = ({ place }: Finding): boolean => {
    if (place.kind !== shape.kind) return false;
    if (shape.kind === "mask") return place.index === shape.index;
    // What is said of a window as a whole, or of what is not drawn, shows at its seat.
    return place.id === shape.id && (shape.kind !== "window" || (place.part === "desk") === (shape.part === "desk"));
  };
  return [
    ...problems.filter(concerns).map((finding) => ({ finding, serious: true })),
    ...warnings.filter(concerns).map((finding) => ({ finding, serious: false })),
  ];
}

/** A reload loses nothing: geometry goes to this tab's storage. */
effect(() => {
  if (saved.value === null) return;
  keep("draft", unsaved.value.length === 0 ? null : ({ draft: draft.value, version: saved.value.version } satisfies Kept));
});

/** At most this often is the agent asked what it thinks of the draft, also while something is being dragged. */
const CHECK_EVERY_MS = 250;
let waiting = false;
effect(() => {
  void draft.value;
  if (saved.value === null || waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    const asked = draft.peek();
    api.check(asked).then(
      (checked) => (findings.value = checked),
      // Saving checks again and says why.
      () => undefined,
    );
  }, CHECK_EVERY_MS);
});
