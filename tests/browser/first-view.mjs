// Measures the first view of head, staff and installer on a processor made four times slower. Run by `make bench`; prints one JSON line.
//   node first-view.mjs [TIMES]

import { cpus, loadavg } from "node:os";
import { VIEWS, firstView, startMonth } from "./first-view-parts.mjs";

const times = Number(process.argv[2] ?? 7);
const month = await startMonth();
const views = [];
for (const view of VIEWS) {
  const seen = [];
  for (let n = 0; n < times; n++) seen.push(await firstView(month, view, 4));
  seen.sort((a, b) => a.ms - b.ms);
  const { requests, inTurn, bytes } = seen[0];
  views.push({ view: view.view, p50_ms: Math.round(seen[Math.floor(times / 2)].ms), max_ms: Math.round(seen[times - 1].ms), requests: requests.length, in_turn: inTurn, kb: Math.round(bytes / 1024) });
}
await month.stop();
console.log(JSON.stringify({ views, times, cores: cpus().length, load: loadavg()[0] }));
