// Duty: a head plans shifts, posts, days and pauses, by hand and from a file.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { HALL, IN_CHINA, accessible, call, catalogue, fits, hallDay, screenshot, signIn, startBrowser, startCentral, workbook } from "./parts.mjs";

const zh = catalogue("zh-CN");
const fill = (key, places) => zh[key].replace(/\{(\w+)\}/g, (_, name) => places[name]);
let central, browser, head, page;

/** A coming week without holidays, Monday first, whose next week begins with a worked day. */
let WEEK;

before(async () => {
  central = await startCentral();
  for (const name of ["li", "wang"]) central.addAccount(name, "staff", "--hall", HALL);
  browser = await startBrowser();
  head = await signIn(browser, central.url, IN_CHINA);
  page = head.page;
  const { days } = await call(page, central.url, "GET", `/halls/${HALL}/duty?from=${hallDay()}&to=${hallDay(60)}`);
  const plain = (at) => days.slice(at, at + 8).every((day, n) => day.kind === (n === 5 || n === 6 ? "weekend" : "workday"));
  const monday = days.findIndex((day, at) => at + 8 <= days.length && new Date(day.day).getUTCDay() === 1 && plain(at));
  WEEK = days.slice(monday, monday + 8).map((day) => day.day);
});

after(async () => {
  await browser?.close();
  await central?.stop();
});

const open = (part, more = "") => page.goto(`${central.url}/duty?part=${part}${more}`);
const cell = (day, window, shift = "am") => page.locator(`[data-cell='${day} ${window} ${shift}']`);

test("shifts with their breaks", async () => {
  await open("roster", `&week=${WEEK[0]}`);
  await page.getByText(zh["duty.no_shifts"]).waitFor();
  await page.getByRole("tab", { name: zh["duty.shifts"] }).click();
  for (const [id, name, hours] of [["am", "上午班", "8:30-12:00"], ["pm", "下午班", "13:30–17:30"]]) {
    await page.getByRole("button", { name: zh["duty.shift_add"] }).click();
    await page.locator("input[name=id]").fill(id);
    await page.locator("input[name=name]").fill(name);
    await page.locator("input[name=hours]").fill(hours);
    if (id === "am") await page.locator("input[name=breaks]").fill("10:00-10:15");
    await page.locator(".dialog button.primary").click();
    await page.locator(`[data-shift=${id}]`).waitFor();
  }
  await page.locator("[data-shift=am]", { hasText: fill("duty.breaks_are", { spans: "10:00-10:15" }) }).waitFor();
  await accessible(page, "shifts");
});

test("a post is filled for the rest of the week, and a week is copied", async () => {
  await open("roster", `&week=${WEEK[0]}`);
  await cell(WEEK[0], "1").click();
  await page.locator("input[name=staff][value=li]").check();
  await page.locator("input[name=week]").check();
  await accessible(page, "a post");
  await page.locator(".dialog button.primary").click();
  for (const day of WEEK.slice(0, 5)) await cell(day, "1").getByText("li").waitFor();
  await page.locator("[data-empty='25']").waitFor();
  await cell(WEEK[5], "1").getByText("–").waitFor();

  await page.getByRole("button", { name: zh["duty.later"] }).click();
  await page.getByRole("button", { name: zh["duty.copy"] }).click();
  await cell(WEEK[7], "1").getByText("li").waitFor();
  const { calendar_missing: missing } = await call(page, central.url, "GET", `/halls/${HALL}/duty`);
  assert.equal(await page.locator("[data-missing]").count(), missing === null ? 0 : 1, "whoever plans is told that the next year's holidays are missing");
  await accessible(page, "roster");
  await screenshot(page, "duty-roster");
});

test("a file is checked before it is taken, and what was exported can be imported", async () => {
  await open("roster", `&week=${WEEK[0]}`);
  await page.getByRole("button", { name: zh["duty.import"] }).click();
  const choose = (buffer, name = "roster.csv") => page.locator("input[type=file]").setInputFiles({ name, mimeType: "text/csv", buffer });
  const take = page.locator(".dialog button.primary");
  await choose(Buffer.from(`日期,窗口,班次,姓名\n${WEEK[0]},2,am,wang\n${WEEK[1]},2,am,nobody\n`));
  await page.locator(".problems li", { hasText: fill("duty.row", { row: 3 }) }).waitFor();
  assert.ok((await page.locator(".problems").innerText()).includes("nobody"));
  // The browser notes the refusal, which is what was asked for.
  assert.equal(head.complaints.splice(0).length, 1);
  assert.ok(await take.isDisabled(), "nothing of a wrong file is taken");
  await accessible(page, "problems of a file");
  await screenshot(page, "duty-import-problems");

  // As a spreadsheet on a Chinese system saves it: GB 18030.
  const heading = Buffer.from("c8d5c6da2cb4b0bfda2cb0e0b4ce2cd0d5c3fb0a", "hex");
  await choose(Buffer.concat([heading, Buffer.from(`${WEEK[0]},2,am,wang\n${WEEK[1]},2,am,wang\n`)]));
  await page.locator("[data-cells='2']").waitFor();
  assert.equal(await cell(WEEK[0], "2").getByText("wang").count(), 0, "not before it is said");
  await take.click();
  await cell(WEEK[1], "2").getByText("wang").waitFor();

  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: `${zh["duty.export"]} CSV` }).click();
  const file = readFileSync(await (await download).path());
  await page.getByRole("button", { name: zh["duty.import"] }).click();
  await choose(file);
  await page.locator("[data-cells='7']").waitFor();
  await page.getByRole("button", { name: zh["ui.cancel"] }).click();
});

test("a workbook is as good as a file of text", async () => {
  await open("roster", `&week=${WEEK[0]}`);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: `${zh["duty.export"]} XLSX` }).click();
  const file = await (await download).path();
  const [rows] = Object.values(workbook(file));
  assert.deepEqual(rows[0], ["日期", "窗口", "班次", "姓名"]);
  assert.ok(rows.some((row) => row[0] === WEEK[1] && row[1] === "2" && row[3] === "wang"), JSON.stringify(rows));

  // Taken away, and brought again by the workbook.
  await call(page, central.url, "PUT", `/halls/${HALL}/roster`, { cells: [{ day: WEEK[1], window: "2", shift: "am", staff: [] }] });
  await page.reload();
  await cell(WEEK[0], "2").getByText("wang").waitFor();
  assert.equal(await cell(WEEK[1], "2").getByText("wang").count(), 0);
  await page.getByRole("button", { name: zh["duty.import"] }).click();
  const xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  await page.locator("input[type=file]").setInputFiles({ name: "roster.xlsx", mimeType: xlsx, buffer: readFileSync(file) });
  await page.locator("[data-cells='7']").waitFor();
  await page.locator(".dialog button.primary").click();
  await cell(WEEK[1], "2").getByText("wang").waitFor();
});

test("holidays and make-up days are known, and a hall has its own", async () => {
  const { calendar_years: years } = await call(page, central.url, "GET", `/halls/${HALL}/duty`);
  const year = years.at(-1);
  const { days } = await call(page, central.url, "GET", `/halls/${HALL}/duty?from=${year}-09-10&to=${year}-10-31`);
  assert.ok(days.some((day) => day.kind === "compensatory" && day.worked), "the days made up for National Day");
  await open("calendar", `&month=${year}-10`);
  const day = (one, kind) => page.locator(`[data-day='${year}-10-${one}'][data-kind=${kind}]`);
  await day("01", "holiday").getByText(zh["duty.holiday.national"]).waitFor();
  await accessible(page, "calendar");
  await screenshot(page, "duty-calendar");
  const plain = days.find((day) => day.kind === "workday" && day.day > `${year}-10-10`).day.slice(8);
  await day(plain, "workday").click();
  await page.getByRole("button", { name: zh["duty.make_closed"] }).click();
  await day(plain, "own_closed").click();
  await page.getByRole("button", { name: zh["duty.make_public"] }).click();
  await day(plain, "workday").waitFor();
});

test("pauses and accommodations ask for no reason", async () => {
  await open("pauses");
  await page.getByRole("button", { name: zh["duty.pause_add"] }).click();
  await page.locator("input[name=day]").fill(hallDay(1));
  await page.locator("select[name=window]").selectOption("3");
  assert.equal(await page.locator(".dialog textarea, .dialog input[type=text], .dialog input:not([type])").count(), 0);
  await page.locator(".dialog button.primary").click();
  const row = page.locator("tbody tr", { hasText: "3 号窗口" });
  await row.waitFor();
  await accessible(page, "pauses");
  await row.getByRole("button", { name: zh["duty.remove"] }).click();
  await page.getByText(zh["duty.pause_none"]).waitFor();

  await open("accommodations");
  await page.getByRole("button", { name: zh["duty.accommodation_add"] }).click();
  await page.locator("select[name=rule]").selectOption("leaning_back");
  assert.equal(await page.locator(".dialog textarea, .dialog input[type=text], .dialog input:not([type])").count(), 0);
  await page.locator(".dialog button.primary").click();
  await page.locator("tbody tr", { hasText: zh["rule.leaning_back.title"] }).waitFor();
  const { accommodations } = await call(page, central.url, "GET", `/halls/${HALL}/accommodations`);
  assert.deepEqual(accommodations.map((one) => [one.rule, one.window, one.shift]), [["leaning_back", "1", "am"]]);
  await accessible(page, "accommodations");
  await screenshot(page, "duty-accommodations");
});

test("on a phone the roster is one day at a time", async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  await open("roster", `&week=${WEEK[0]}`);
  await page.locator(".day-strip button").first().click();
  await cell(WEEK[0], "1").getByText("li").waitFor();
  await fits(page, "roster on a phone");
  await accessible(page, "roster on a phone");
  await screenshot(page, "duty-phone");
  await open("calendar");
  await page.locator("[data-day]").first().waitFor();
  await fits(page, "calendar on a phone");
  assert.deepEqual(head.complaints, []);
});
