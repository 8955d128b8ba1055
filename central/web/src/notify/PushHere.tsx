import { client, data } from "../api";
import { t } from "../i18n";
import { clock } from "../time";
import { Section } from "../ui/Page";
import { complain, tell } from "../ui/toast";
import { Await, useLoad } from "../ui/useLoad";

/** Messages to this device, page open or not. */
export function PushHere() {
  const loaded = useLoad(() => data(client.GET("/api/v1/account/push")), []);
  return (
    <Section title={t("push.title")} lead={t("push.lead")}>
      <Await of={loaded}>
        {(state) => (
          <>
            <ul class="plain-list">
              {state.browsers.length === 0 && <li class="muted">{t("push.none")}</li>}
              {state.browsers.map((browser) => (
                <li key={browser.id}>
                  <span>{browser.client.split(" ").slice(-2).join(" ") || t("notify.browser")} <span class="muted">{clock(browser.made_at)}</span></span>
                  <button type="button" class="tool" onClick={() => drop(browser.id, loaded.reload)}>{t("push.off")}</button>
                </li>
              ))}
            </ul>
            {state.key === null ? <p class="muted">{t("push.unavailable")}</p> : !supported() ? <p class="muted">{t("push.unsupported")}</p> : (
              <div class="actions"><button type="button" onClick={() => void subscribe(state.key!, loaded.reload)}>{t("push.on")}</button></div>
            )}
          </>
        )}
      </Await>
    </Section>
  );
}

function supported(): boolean {
  return "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

async function subscribe(key: string, reload: () => Promise<void>): Promise<void> {
  try {
    if ((await Notification.requestPermission()) !== "granted") return tell(t("push.denied"));
    const worker = await navigator.serviceWorker.register("/push.js");
    await navigator.serviceWorker.ready;
    const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = made.toJSON();
    await client.POST("/api/v1/account/push", { body: { endpoint: endpoint ?? "", keys: { p256dh: keys?.["p256dh"] ?? "", auth: keys?.["auth"] ?? "" } } });
    await reload();
  } catch (error) {
    complain(error);
  }
}

function drop(id: string, reload: () => Promise<void>): void {
  client.DELETE("/api/v1/account/push/{id}", { params: { path: { id } } }).then(reload, complain);
}
