import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { t } from "../i18n";
import type { Key } from "../i18n";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";

/** The figures that have a definition. */
export const DEFINED = ["counted", "waiting", "contested", "void", "observed_h", "unknown_h", "unreported_h", "coverage", "rate"] as const;
export type Defined = (typeof DEFINED)[number];

interface Props {
  of: Defined;
  value: ComponentChildren;
  /** What stands below it in small. */
  note?: ComponentChildren;
}

/** A figure with its name; one tap tells what it means. */
export function Figure({ of, value, note }: Props) {
  const [open, setOpen] = useState(false);
  const name = t(`report.${of}` as Key);
  return (
    <div class="figure" data-figure={of}>
      <dt>
        {name}
        <button type="button" class="means" aria-label={t("report.what_is", { name })} onClick={() => setOpen(true)}><Icon name="help" /></button>
      </dt>
      <dd>{value}</dd>
      {note !== undefined && <dd class="note muted">{note}</dd>}
      {open && <Dialog title={name} onClose={() => setOpen(false)}><p>{t(`report.${of}.means` as Key)}</p></Dialog>}
    </div>
  );
}

/** Every definition, for paper and for whoever wants to read them all. */
export function Definitions() {
  return (
    <dl class="facts-list definitions">
      {DEFINED.map((name) => (
        <>
          <dt key={name}>{t(`report.${name}` as Key)}</dt>
          <dd>{t(`report.${name}.means` as Key)}</dd>
        </>
      ))}
    </dl>
  );
}
