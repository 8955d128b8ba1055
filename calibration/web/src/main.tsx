import { lang, setLang } from "@central/i18n";
import "@central/styles/tokens.css";
import "@central/styles/base.css";
import "@central/styles/ui.css";
import { showTheme } from "@central/theme";
import { render } from "preact";
import { App } from "./app";
import "./styles/shell.css";
import "./styles/stage.css";
import "./styles/steps.css";

showTheme();
await setLang(lang.value);
render(<App />, document.getElementById("app")!);
