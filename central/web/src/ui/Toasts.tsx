import { later } from "./later";
import { said } from "./toast";

const List = later(() => import("./ToastList"));

/** Where the short messages of `tell` and `complain` appear; nothing before the first. */
export function Toasts() {
  return said.value ? <List /> : null;
}
