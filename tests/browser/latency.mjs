// Measures the way from "dwell full" to "alert on an open page": a real agent on the bundled clip with short dwells,
// real central, real Chromium. Run by `make bench`; prints one JSON line.
//   node latency.mjs [SECONDS]

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { HALL, signIn, startBrowser, startCentral } from "./parts.mjs";

const ROOT = resolve(import.meta.dirname, "../..");
const CLIPS = join(ROOT, "scenes/clips");
const seconds = Number(process.argv[2] ?? 120);

const row = readFileSync(join(CLIPS, "manifest.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line)).find((r) => r.id === "demo");
const central = await startCentral();
const folder = mkdtempSync(join(tmpdir(), "chuangming-"));
const rules = [...new Set(row.events.map((event) => event.rule))];
const windows = row.windows.map((w) => `[[windows]]\nid = "${w.window}"\ncamera = "cam-1"\nseat = ${JSON.stringify(w.seat)}\ndesk = ${JSON.stringify(w.desk)}\n`);
writeFileSync(join(folder, "calibration.toml"), `version = 1\n${windows.join("")}`);
writeFileSync(join(folder, "policy.toml"), `version = 1\n${rules.map((r) => `[rules.${r}]\nraise_after_s = 2\nclear_after_s = 1\ncooldown_s = 0\n`).join("")}`);
writeFileSync(
  join(folder, "agent.toml"),
  `hall = "${HALL}"\nagent = "edge-01"\ncalibration = "calibration.toml"\npolicy = "policy.toml"\ndata_dir = "data"\n` +
    `[broker]\nurl = "mqtt://127.0.0.1:${central.broker}"\n[[cameras]]\nid = "cam-1"\nsource = "${join(CLIPS, row.media)}"\n`,
);

const browser = await startBrowser();
const { page } = await signIn(browser, central.url);
await page.evaluate(() => {
  globalThis.shown = {};
  const note = () => {
    for (const link of document.querySelectorAll(".alert h3 a")) globalThis.shown[link.getAttribute("href").split("/").pop()] ??= Date.now();
  };
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true });
});
const agent = spawn(join(ROOT, "target/debug/edge-agent"), ["run", "--config", "agent.toml"], { cwd: folder, stdio: "ignore" });
await new Promise((done) => setTimeout(done, seconds * 1000));

const shown = await page.evaluate(() => globalThis.shown);
const { events } = await page.evaluate(() => fetch("/api/v1/events?per_page=200").then((answer) => answer.json()));
const delays = events.filter((e) => shown[e.id]).map((e) => shown[e.id] - Date.parse(e.raised_at)).sort((a, b) => a - b);
const at = (share) => delays[Math.min(delays.length - 1, Math.ceil(share * delays.length) - 1)];
const result = { alerts: delays.length, never_shown: events.length - delays.length, p50_ms: at(0.5), p95_ms: at(0.95), max_ms: at(1), cores: cpus().length, load: loadavg()[0] };

agent.kill("SIGTERM");
await new Promise((done) => agent.once("exit", done));
await browser.close();
await central.stop();
rmSync(folder, { recursive: true });
console.log(JSON.stringify(result));
