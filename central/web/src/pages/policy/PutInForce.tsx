import { client, data } from "../../api";
import { t } from "../../i18n";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import { tell } from "../../ui/toast";
import { short } from "./document";

interface Props {
  hall: string;
  digest: string;
  onClose: () => void;
  onDone: () => Promise<void>;
}

/** Brings an older version back to the whole hall. */
export function PutInForce({ hall, digest, onClose, onDone }: Props) {
  const act = async () => {
    const body = { digest, note: t("policy.rollback_note") };
    await data(client.POST("/api/v1/policies/{hall}/rollouts", { params: { path: { hall }, header: {} as never }, body }));
    tell(t("policy.sent"));
    await onDone();
  };
  return (
    <ConfirmDialog
      title={t("policy.back_to", { version: short(digest) })}
      description={t("policy.back_lead")}
      confirm={t("policy.send")}
      act={act}
      onClose={onClose}
    />
  );
}
