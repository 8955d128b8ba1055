import type { DialogProps } from "./DialogBox";
import { later } from "./later";

const Box = later(() => import("./DialogBox"));

/** A dialog over the page; render it while it is open. Escape and the cross close it, focus stays inside. */
export function Dialog(props: DialogProps) {
  return <Box {...props} failed={props.onClose} />;
}
