import { useState } from "preact/hooks";
import { type Schema, client, data } from "../api";
import { label, t } from "../i18n";
import { session } from "../session";
import { clock } from "../time";
import { AccountForm, NewAccountForm } from "../account/AccountForm";
import { PasswordForm } from "../account/PasswordForm";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { DataTable } from "../ui/DataTable";
import { Icon } from "../ui/Icon";
import { Menu } from "../ui/Menu";
import { Page } from "../ui/Page";
import { EmptyState } from "../ui/states";
import { tell } from "../ui/toast";
import { Await, useLoad } from "../ui/useLoad";

type Account = Schema<"ManagedAccount">;
type Deed = "edit" | "password" | "sessions" | "totp" | "enable" | "disable" | "forget";
type Open = { deed: "add" } | { deed: Deed; account: Account } | null;

/** Who may sign in, in what role, for which halls. */
export default function Accounts() {
  const loaded = useLoad(async () => {
    const [accounts, directory] = await Promise.all([data(client.GET("/api/v1/accounts")), data(client.GET("/api/v1/directory"))]);
    return { accounts: accounts.accounts, halls: directory.halls };
  }, []);
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const done = (text: string) => {
    close();
    tell(text);
    void loaded.reload();
  };
  return (
    <Page
      title={t("account.title")} lead={t("account.lead")}
      actions={<button type="button" class="primary" onClick={() => setOpen({ deed: "add" })}><Icon name="plus" />{t("account.add")}</button>}
    >
      <Await of={loaded} lines={6}>
        {({ accounts, halls }) => (
          <>
            <DataTable
              caption={t("account.title")} rows={accounts} keyOf={(account) => account.id}
              columns={[
                { id: "name", name: t("account.name"), cell: (a) => <>{a.name}{a.display_name !== "" && <span class="muted"> {a.display_name}</span>}</> },
                { id: "role", name: t("account.role"), cell: (a) => label("role", a.role) },
                { id: "halls", name: t("ui.hall"), cell: (a) => (a.all_halls ? t("account.every_hall") : a.halls.map((id) => halls.find((h) => h.id === id)?.name ?? id).join(t("text.list_separator"))) },
                { id: "state", name: t("ui.state"), cell: (a) => <State account={a} /> },
                { id: "since", name: t("account.created"), cell: (a) => clock(a.created_at) },
                { id: "do", name: t("account.deeds"), cell: (a) => <Deeds account={a} choose={(deed) => setOpen({ deed, account: a })} /> },
              ]}
              empty={<EmptyState title={t("account.none")} />}
            />
            {open?.deed === "add" && <NewAccountForm halls={halls} onClose={close} onDone={() => done(t("account.added"))} />}
            {open?.deed === "edit" && <AccountForm account={open.account} halls={halls} onClose={close} onDone={() => done(t("account.changed"))} />}
            {open?.deed === "password" && (
              <PasswordForm
                title={t("account.reset_password", { name: open.account.name })} hint={t("account.reset_hint")} onClose={close}
                act={(password) => data(client.POST("/api/v1/accounts/{id}/password", { params: { path: { id: open.account.id } }, body: { password } }))}
                onDone={() => done(t("account.password_set"))}
              />
            )}
            {open !== null && open.deed !== "add" && open.deed !== "edit" && open.deed !== "password" && (
              <Ask deed={open.deed} account={open.account} onClose={close} onDone={done} />
            )}
          </>
        )}
      </Await>
    </Page>
  );
}

function State({ account }: { account: Account }) {
  if (account.disabled) return <span class="tone unknown"><Icon name="close" />{t("account.disabled")}</span>;
  const facts = [
    account.sessions > 0 ? t("account.signed_in", { n: account.sessions }) : t("account.signed_out"),
    account.totp ? t("account.with_totp") : "",
    account.from_provider ? t("account.from_provider") : "",
  ];
  return <>{facts.filter(Boolean).join(" · ")}</>;
}

function Deeds({ account, choose }: { account: Account; choose: (deed: Deed) => void }) {
  const own = session.value?.account.name === account.name;
  const item = (deed: Deed, danger = false) => ({ id: deed, text: t(`account.do.${deed}`), danger, act: () => choose(deed) });
  const items = [
    ...(account.from_provider ? [] : [item("edit")]),
    ...(own || account.from_provider ? [] : [item("password")]),
    ...(account.sessions > 0 && !own ? [item("sessions")] : []),
    ...(account.totp && !own ? [item("totp")] : []),
    ...(own ? [] : [item(account.disabled ? "enable" : "disable"), item("forget", true)]),
  ];
  return <Menu label={t("account.deeds_of", { name: account.name })} trigger={<Icon name="more" />} items={items} />;
}

type Asked = Exclude<Deed, "edit" | "password">;

function Ask({ deed, account, onClose, onDone }: { deed: Asked; account: Account; onClose: () => void; onDone: (text: string) => void }) {
  const params = { path: { id: account.id } };
  const acts: Record<Asked, () => Promise<unknown>> = {
    sessions: () => client.DELETE("/api/v1/accounts/{id}/sessions", { params }),
    totp: () => client.DELETE("/api/v1/accounts/{id}/totp", { params }),
    enable: () => client.PATCH("/api/v1/accounts/{id}", { params, body: { disabled: false } }),
    disable: () => client.PATCH("/api/v1/accounts/{id}", { params, body: { disabled: true } }),
    forget: () => client.DELETE("/api/v1/accounts/{id}", { params }),
  };
  return (
    <ConfirmDialog
      title={`${t(`account.do.${deed}`)} · ${account.name}`} description={t(`account.ask.${deed}`)} confirm={t(`account.do.${deed}`)} danger={deed === "forget"}
      act={async () => {
        await acts[deed]();
        onDone(t(deed === "forget" ? "account.forgotten" : "account.changed"));
      }}
      onClose={onClose}
    />
  );
}

