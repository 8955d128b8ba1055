import { useState } from "preact/hooks";
import type { MenuProps } from "./MenuList";
import { later } from "./later";

const List = later(() => import("./MenuList"));

/** A button that opens a list of deeds. What opens is fetched when it is wanted first: until then it is a plain button. */
export function Menu(props: MenuProps) {
  const [wanted, setWanted] = useState<"pointer" | "keyboard" | null>(null);
  const button = (
    <button
      type="button" class="tool quiet" aria-label={props.label} aria-haspopup="menu" aria-expanded={false}
      onClick={(event) => setWanted(event.detail === 0 ? "keyboard" : "pointer")}
      onKeyDown={(event) => {
        if (event.key !== "ArrowDown") return;
        event.preventDefault();
        setWanted("keyboard");
      }}
    >
      {props.trigger}
    </button>
  );
  return wanted === null ? button : <List {...props} byKeyboard={wanted === "keyboard"} meanwhile={button} failed={() => setWanted(null)} />;
}
