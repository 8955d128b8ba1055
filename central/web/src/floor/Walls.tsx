import { useState } from "preact/hooks";
import { client, data } from "../api";
import { t } from "../i18n";
import { clock } from "../time";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { complain, tell } from "../ui/toast";
import { Await, useLoad } from "../ui/useLoad";

/** Links for screens on a wall: made, shown once, revoked. */
export function Walls({ hall, onClose }: { hall: string; onClose: () => void }) {
  const path = { hall };
  const loaded = useLoad(() => data(client.GET("/api/v1/halls/{hall}/displays", { params: { path } })), [hall]);
  const [name, setName] = useState("");
  const [address, setAddress] = useState<string | null>(null);
  const make = (submit: Event) => {
    submit.preventDefault();
    data(client.POST("/api/v1/halls/{hall}/displays", { params: { path }, body: { name } })).then((made) => {
      setAddress(`${window.location.origin}/wall#${made.token}`);
      setName("");
      return loaded.reload();
    }, complain);
  };
  const revoke = (id: string) =>
    void client.DELETE("/api/v1/halls/{hall}/displays/{id}", { params: { path: { hall, id } } }).then(() => {
      tell(t("floor.wall_revoked"));
      return loaded.reload();
    }, complain);
  return (
    <Dialog title={t("floor.walls")} description={t("floor.walls_lead")} onClose={onClose}>
      <Await of={loaded}>
        {({ displays }) => (
          <ul class="plain-list">
            {displays.length === 0 && <li class="muted">{t("floor.wall_none")}</li>}
            {displays.map((display) => (
              <li key={display.id}>
                <span>{display.name} <span class="muted">{clock(display.made_at)}</span></span>
                <button type="button" class="tool" onClick={() => revoke(display.id)}>{t("floor.wall_revoke")}</button>
              </li>
            ))}
          </ul>
        )}
      </Await>
      {address !== null && (
        <p class="notice" role="status">
          {t("floor.wall_made")}
          <code class="command wall-address">{address}</code>
        </p>
      )}
      <form class="form" onSubmit={make}>
        <Field label={t("floor.wall_name")}><input name="wall" required maxLength={40} value={name} onInput={(e) => setName(e.currentTarget.value)} /></Field>
        <div class="actions end"><button type="submit" class="primary" disabled={name.trim() === ""}>{t("floor.wall_make")}</button></div>
      </form>
    </Dialog>
  );
}
