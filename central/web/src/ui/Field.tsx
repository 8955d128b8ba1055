import type { VNode } from "preact";
import { cloneElement } from "preact";
import { useId } from "preact/hooks";

interface Props {
  label: string;
  /** What to type, below the field. */
  hint?: string | undefined;
  /** What is wrong with what was typed. */
  error?: string | null | undefined;
  /** One `input`, `select` or `textarea`; a date is `<input type="date">`. */
  children: VNode<Record<string, unknown>>;
}

/** A form's field: its name, the control, a hint, and what is wrong with it, tied together for screen readers. */
export function Field({ label, hint, error, children }: Props) {
  const id = useId();
  const told = [hint !== undefined ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  const control = cloneElement(children, {
    id,
    ...(told !== "" && { "aria-describedby": told }),
    ...(error ? { "aria-invalid": true } : {}),
  });
  return (
    <div class={`field ${error ? "invalid" : ""}`}>
      <label for={id}>{label}</label>
      {control}
      {hint !== undefined && <p id={`${id}-hint`} class="hint">{hint}</p>}
      {error && <p id={`${id}-error`} class="failed" role="alert">{error}</p>}
    </div>
  );
}
