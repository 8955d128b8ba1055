import { t } from "@central/i18n";
import { Toasts } from "@central/ui/Toasts";
import { useEffect } from "preact/hooks";
import { SignIn } from "./SignIn";
import { Workbench } from "./Workbench";
import { resume, signedIn, unreachable } from "./session";

export function App() {
  useEffect(() => void resume(), []);
  useEffect(() => {
    document.title = `${t("calibrate.title")} · ${t("ui.product")}`;
  });
  if (unreachable.value) return <p class="notice" role="status">{t("ui.unreachable")}</p>;
  if (signedIn.value === undefined) return null;
  return (
    <>
      {signedIn.value ? <Workbench /> : <SignIn />}
      <Toasts />
    </>
  );
}
