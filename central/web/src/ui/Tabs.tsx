import { normalizeProps, useMachine } from "@zag-js/preact";
import * as tabs from "@zag-js/tabs";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export interface Tab {
  id: string;
  text: string;
  content: () => ComponentChildren;
}

interface Props {
  label: string;
  tabs: readonly Tab[];
  /** The open one. */
  value: string;
  onChange: (id: string) => void;
}

/** Views of one page; only the open one is built. Keep `value` in the address so that it can be linked. */
export function Tabs({ label, tabs: all, value, onChange }: Props) {
  const service = useMachine(tabs.machine, { id: useId(), value, onValueChange: (change) => onChange(change.value) });
  const api = tabs.connect(service, normalizeProps);
  return (
    <div {...api.getRootProps()} class="tabs">
      <div {...api.getListProps()} aria-label={label}>
        {all.map((tab) => (
          <button key={tab.id} {...api.getTriggerProps({ value: tab.id })}>{tab.text}</button>
        ))}
      </div>
      {all.map((tab) => (
        <div key={tab.id} {...api.getContentProps({ value: tab.id })}>{tab.id === value && tab.content()}</div>
      ))}
    </div>
  );
}
