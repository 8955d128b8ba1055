// Reports in a real browser: what counts beside what was observed, every figure defined, on paper as on the screen.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { HALL, accessible, catalogue, fits, screenshot, signIn, startAgent, startBrowser, startCentral, until, workbook } from "./parts.mjs";

const zh = catalogue("zh-CN");
const SIGNALS = ["presence", "posture", "badge", "smoking", "desk"];
let central, browser, agent, head;

/** Days of the hall's calendar before today, working days only, newest first. */
function workdays(n) {
  const days = [];
  for (let back = 1; days.length < n; back++) {
    const day = new Date(Date.now() + 8 * 3600e3 - back * 86400e3);
    if (day.getUTCDay() % 6 !== 0) days.push(day.toISOString().slice(0, 10));
  }
  return days;
}
const DAYS = workdays(8);
const at = (day, time) => new Date(`${day}T${time}:00+08:00`).toISOString();

before(async () => {
  central = await startCentral();
  browser = await startBrowser();
  agent = await startAgent(central.broker);
  head = await signIn(browser, central.url);
  const csrf = await head.page.evaluate(() => fetch("/api/v1/session").then((r) => r.json()).then((s) => s.csrf));
  const rules = ["clutter", "clutter", "slumped", "clutter", "absence", "tilted"];
  for (const [n, rule] of rules.entries()) {
    const began = at(DAYS[n % 4], `1${n % 2}:0${n}`);
    const event = agent.opened(rule, String(1 + (n % 2)), { historical: true, opened_at: began, at: new Date(Date.parse(began) + 300_000).toISOString() });
    const closed = { ...event, seq: 1, phase: "closed", at: new Date(Date.parse(began) + 600_000).toISOString(), closed_at: new Date(Date.parse(began) + 600_000).toISOString(), close_reason: "cleared" };
    await agent.send("events", event);
    await agent.send("events", closed);
    await until(() => agent.isAcked(closed), "central has it");
    // The last one waits for a decision, the one before was wrong.
    if (n < 5) {
      const answer = await head.page.request.put(`${central.url}/api/v1/events/${event.id}/verdict`, { data: { verdict: n === 4 ? "wrong" : "confirmed" }, headers: { "x-csrf-token": csrf } });
      assert.equal(answer.status(), 200);
    }
  }
  for (const [n, day] of DAYS.entries()) {
    for (const hour of ["09", "10", "11", "14", "15", "16"]) {
      // On the third day back the camera saw nothing.
      const share = n === 2 ? 0 : 0.9;
      const seen = Object.fromEntries(SIGNALS.map((signal) => [signal, { observed_s: 3600 * share, unknown_s: 3600 * (1 - share) }]));
      await agent.send("coverage", { schema: "chuangming.coverage/1", hour: at(day, `${hour}:00`), windows: { 1: seen, 2: seen } });
    }
  }
});

after(async () => {
  await agent?.stop();
  await browser?.close();
  await central?.stop();
});

const report = () => `${central.url}/reports?hall=${HALL}&from=${DAYS.at(-1)}&to=${DAYS[0]}`;
const figure = (page, name) => page.locator(`[data-figure=${name}] dd`).first().innerText();

test("a report counts what is confirmed, beside how much was observed", async () => {
  const { page } = head;
  await page.getByRole("link", { name: zh["report.title"], exact: true }).first().click();
  await page.locator("[data-figure=counted]").waitFor();
  await page.goto(report());
  await page.locator("[data-figure=counted]").waitFor();
  await until(async () => (await figure(page, "counted")) === "4", "four events count");
  assert.equal(await figure(page, "waiting"), "1");
  assert.equal(await figure(page, "void"), "1");
  assert.match(await figure(page, "rate"), /^\d+\.\d$/);
  // A camera that saw nothing lowers the coverage, and the page says what that means.
  await page.getByText(zh["report.low_coverage"].split("{coverage}")[1]).waitFor();
  const coverage = parseFloat(await figure(page, "coverage"));
  assert.ok(coverage > 30 && coverage < 80, `${coverage} %`);
  await page.locator(".drawing svg").nth(3).waitFor();
  assert.equal(await page.locator(".drawing svg").count(), 4, "trend, calendar, Pareto, hours");
  assert.deepEqual(head.complaints, []);
});

test("every figure tells what it means, and every drawing has its table", async () => {
  const { page } = head;
  const figures = await page.locator("[data-figure]").count();
  assert.equal(figures, 9);
  await page.locator("[data-figure=coverage] .means").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(zh["report.coverage.means"]).waitFor();
  await accessible(page, "a definition");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.locator(".chart", { hasText: zh["report.pareto"] }).locator("summary").click();
  const rows = page.locator(".chart", { hasText: zh["report.pareto"] }).locator("tbody tr");
  assert.ok((await rows.first().innerText()).includes(zh["rule.clutter.title"]), "most first");
  assert.ok((await rows.first().innerText()).includes("3"));
});

test("files hold the same figures", async () => {
  const { page } = head;
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV" }).click()]);
  assert.match(download.suggestedFilename(), /^chuangming-tanggu-.*\.csv$/);
  const [book] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "XLSX" }).click()]);
  assert.match(book.suggestedFilename(), /^chuangming-tanggu-.*\.xlsx$/);
  const sheets = workbook(await book.path());
  const clutter = Object.values(sheets).flat().find((row) => String(row[0]).includes(zh["rule.clutter.title"]));
  assert.equal(clutter?.[1], 3, JSON.stringify(sheets));
});

test("it is read on a phone and in the dark", async () => {
  const { page } = head;
  await page.goto(report());
  await page.locator(".drawing svg").nth(3).waitFor();
  await accessible(page, "reports");
  await fits(page, "reports");
  await screenshot(page, "reports");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.locator(".drawing svg").nth(3).waitFor();
  await accessible(page, "reports in the dark");
  await screenshot(page, "reports-dark");
  await page.setViewportSize({ width: 360, height: 740 });
  await page.locator(".drawing svg").nth(3).waitFor();
  await fits(page, "reports on a phone");
  await accessible(page, "reports on a phone");
  await screenshot(page, "reports-phone-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
});

test("an address that names no hall and no period shows the first hall's last month", async () => {
  const { page } = head;
  for (const path of ["/reports/paper", "/reports/paper?hall=elsewhere&from=soon", "/reports?from=2026-02-30&to=x"]) {
    await page.goto(central.url + path);
    await page.locator("[data-figure=coverage]").first().waitFor();
    if (path.startsWith("/reports/paper")) assert.ok((await page.locator(".paper header").innerText()).includes("塘沽中心"), path);
  }
});

test("the monthly report is a document with Chinese text that a PDF keeps", async () => {
  const { page } = head;
  await page.goto(report());
  await page.getByRole("link", { name: zh["report.paper"] }).click();
  await page.locator(".paper .drawing svg").nth(3).waitFor();
  await accessible(page, "the sheet");
  await screenshot(page, "report-paper");
  for (const lang of ["en", "zh-CN"]) {
    await page.evaluate((lang) => localStorage.setItem("lang", lang), lang);
    await page.reload();
    await page.locator(".paper .drawing svg").nth(3).waitFor();
    const cut = await page.locator(".paper .table").evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).length);
    assert.equal(cut, 0, `tables on paper are whole (${lang})`);
  }
  const folder = mkdtempSync(join(tmpdir(), "chuangming-"));
  const file = join(folder, "report.pdf");
  await page.pdf({ path: file, preferCSSPageSize: true, printBackground: true });
  const text = execFileSync("pdftotext", ["-layout", file, "-"], { encoding: "utf8" });
  for (const part of [zh["report.paper_title"], "塘沽中心", zh["report.coverage"], zh["report.pareto"], zh["report.fair"].slice(0, 12), zh["report.definitions"]]) {
    assert.ok(text.replaceAll(/\s/g, "").includes(part.replaceAll(/\s/g, "")), `${part} in the PDF:\n${text.slice(0, 1500)}`);
  }
  assert.ok(!text.includes(zh["report.print"]), "buttons are not printed");
  // Fonts are in the file, so that it reads the same anywhere.
  const fonts = execFileSync("pdffonts", [file], { encoding: "utf8" }).split("\n").slice(2).filter(Boolean);
  assert.ok(fonts.length > 0 && fonts.every((line) => /\syes\s+(yes|no)\s+(yes|no)\s+\d+/.test(line)), fonts.join("\n"));
  assert.match(execFileSync("pdfinfo", [file], { encoding: "utf8" }), /Page size:\s+59\d(\.\d+)? x 84\d(\.\d+)? pts/);
  execFileSync("pdftoppm", ["-r", "60", "-png", file, join("../../target/screenshots", "report-pdf")]);
  rmSync(folder, { recursive: true });
});
