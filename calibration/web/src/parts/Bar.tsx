/** How much of something is done. */
export function Bar({ done, of, label }: { done: number; of: number; label: string }) {
  return <progress class="bar" max={Math.max(1, of)} value={Math.min(done, of)} aria-label={label}>{label}</progress>;
}
