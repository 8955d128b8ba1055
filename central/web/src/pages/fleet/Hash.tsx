/** A content hash, short enough to compare by eye; all of it is in its title. */
export function Hash({ digest }: { digest: string | null }) {
  if (digest === null) return <>—</>;
  return <code title={digest}>{digest.replace("sha256:", "").slice(0, 8)}</code>;
}
