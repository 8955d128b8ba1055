import * as dialog from "@zag-js/dialog";
import { normalizeProps, useMachine } from "@zag-js/preact";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { t } from "../i18n";
import { Icon } from "./Icon";
import { Portal } from "./Portal";

export interface DialogProps {
  title: string;
  /** What the dialog is about, read out when it opens. */
  description?: string;
  onClose: () => void;
  /** Buttons at its foot; the first is the way back. */
  actions?: ComponentChildren;
  /** An alert dialog must be answered: a click beside it does not close it. */
  alert?: boolean;
  children?: ComponentChildren;
}

/** The dialog itself; pages render `Dialog`, which fetches it. */
export default function DialogBox({ title, description, onClose, actions, alert, children }: DialogProps) {
  const service = useMachine(dialog.machine, {
    id: useId(),
    open: true,
    role: alert ? "alertdialog" : "dialog",
    closeOnInteractOutside: !alert,
    onOpenChange: ({ open }) => {
      if (!open) onClose();
    },
  });
  const api = dialog.connect(service, normalizeProps);
  return (
    <Portal>
      <div {...api.getBackdropProps()} class="backdrop" />
      <div {...api.getPositionerProps()} class="dialog-place">
        <div {...api.getContentProps()} class="dialog">
          <header>
            <h2 {...api.getTitleProps()}>{title}</h2>
            <button {...api.getCloseTriggerProps()} class="tool quiet" aria-label={t("ui.close")}><Icon name="close" /></button>
          </header>
          {description !== undefined && <p {...api.getDescriptionProps()} class="muted">{description}</p>}
          {children !== undefined && <div class="dialog-body">{children}</div>}
          {actions !== undefined && <footer>{actions}</footer>}
        </div>
      </div>
    </Portal>
  );
}
