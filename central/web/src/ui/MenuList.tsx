import * as menu from "@zag-js/menu";
import { normalizeProps, useMachine } from "@zag-js/preact";
import type { ComponentChildren } from "preact";
import { useEffect, useId } from "preact/hooks";
import { Icon, type IconName } from "./Icon";
import { Portal } from "./Portal";

export interface MenuItem {
  id: string;
  text: string;
  icon?: IconName;
  danger?: boolean;
  disabled?: boolean;
  act: () => void;
}

export interface MenuProps {
  /** What the button opens, for people who do not see it. */
  label: string;
  trigger: ComponentChildren;
  /** A line above the items. */
  note?: string;
  items: readonly MenuItem[];
}

/** The menu itself, opened as soon as it is there; pages render `Menu`, which fetches it. */
export default function MenuList({ label, trigger, note, items, byKeyboard }: MenuProps & { byKeyboard: boolean }) {
  const service = useMachine(menu.machine, {
    id: useId(),
    "aria-label": label,
    positioning: { placement: "bottom-end" },
    onSelect: ({ value }) => items.find((item) => item.id === value)?.act(),
  });
  const api = menu.connect(service, normalizeProps);
  useEffect(() => {
    api.setOpen(true);
    if (byKeyboard && items[0]) api.setHighlightedValue(items[0].id);
  }, []);
  return (
    <>
      <button {...api.getTriggerProps()} class="tool quiet" aria-label={label}>{trigger}</button>
      <Portal>
        <div {...api.getPositionerProps()}>
          <div class="menu" hidden={!api.open}>
            {note !== undefined && <p class="menu-note">{note}</p>}
            <ul {...api.getContentProps()}>
              {items.map((item) => (
                <li key={item.id} {...api.getItemProps({ value: item.id, disabled: item.disabled ?? false })} class={item.danger ? "danger" : ""}>
                  {item.icon && <Icon name={item.icon} />}
                  {item.text}
                </li>
              ))}
            </ul>
          </div>
        </div>
      </Portal>
    </>
  );
}
