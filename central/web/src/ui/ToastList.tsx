import { normalizeProps, useMachine } from "@zag-js/preact";
import * as toast from "@zag-js/toast";
import { useId } from "preact/hooks";
import { t } from "../i18n";
import { Icon } from "./Icon";
import { toaster } from "./toaster";

/** The messages themselves; the page renders `Toasts`, which fetches them. What was said before they were there is shown too. */
export default function ToastList() {
  const service = useMachine(toast.group.machine, { id: useId(), store: toaster });
  const api = toast.group.connect(service, normalizeProps);
  return (
    <div {...api.getGroupProps()} class="toasts">
      {api.getToasts().map((one, index) => (
        <Toast key={one.id} one={one} index={index} parent={service} />
      ))}
    </div>
  );
}

interface Props {
  one: toast.Options;
  index: number;
  parent: toast.GroupService;
}

function Toast({ one, index, parent }: Props) {
  const service = useMachine(toast.machine, { ...one, index, parent } as toast.Props);
  const api = toast.connect(service, normalizeProps);
  return (
    <div {...api.getRootProps()} class={`toast ${api.type ?? ""}`}>
      <Icon name={api.type === "error" ? "warning" : "check"} />
      <span {...api.getTitleProps()}>{api.title}</span>
      <button {...api.getCloseTriggerProps()} class="tool quiet" aria-label={t("ui.close")}><Icon name="close" /></button>
    </div>
  );
}
