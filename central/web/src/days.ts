/** Days as people mean them and the API's half-open instants: "to" includes its day. */

const DAY_MS = 24 * 3600 * 1000;

export function fromDay(name: "from" | "to", day: string): string {
  if (day === "") return "";
  const start = new Date(`${day}T00:00:00`).getTime();
  return new Date(name === "to" ? start + DAY_MS : start).toISOString();
}

export function day(name: "from" | "to", instant: string | null): string {
  if (instant === null || Number.isNaN(Date.parse(instant))) return "";
  const at = new Date(Date.parse(instant) - (name === "to" ? DAY_MS : 0));
  const two = (n: number) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
