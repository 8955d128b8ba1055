// An administrator's and an auditor's work, and everybody's own account, in a real browser against the real central.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { accessible, call, catalogue, fits, screenshot, signIn, startBrowser, startCentral, until } from "./parts.mjs";

const zh = catalogue("zh-CN");
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
let central, browser;

before(async () => {
  central = await startCentral();
  central.addAccount("admin", "administrator", "--all-halls");
  central.addAccount("auditor", "auditor", "--all-halls");
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await central?.stop();
});

/** A code of RFC 6238 as the phone shows it. */
function code(secret, step) {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac("sha1", key).update(counter).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

async function look(page, name) {
  await accessible(page, name);
  await fits(page, name);
  await screenshot(page, name);
}

test("an administrator makes an account, whose owner begins with a password of their own", async () => {
  const { page, complaints } = await signIn(browser, central.url, { name: "admin" });
  await page.getByRole("heading", { name: zh["account.title"] }).waitFor();
  await page.getByRole("button", { name: zh["account.add"] }).click();
  const dialog = page.getByRole("dialog");
  await dialog.locator("input[name=name]").fill("li");
  await dialog.locator("input[name=display_name]").fill("李华");
  await dialog.locator("input[name=password]").fill("a first password");
  await look(page, "admin-new-account");
  await dialog.locator("button.primary").click();
  await page.getByText(zh["account.added"]).waitFor();
  const row = page.locator("tbody tr", { hasText: "李华" });
  await row.waitFor();
  assert.ok((await row.innerText()).includes("塘沽中心"));
  await look(page, "admin-accounts");

  // The new one signs in elsewhere.
  const theirs = await browser.newPage({ locale: "zh-CN", ...PHONE });
  await theirs.goto(central.url);
  await theirs.locator("input[name=name]").fill("li");
  await theirs.locator("input[name=password]").fill("a first password");
  await theirs.locator("form button.primary").click();
  await theirs.getByRole("heading", { name: zh["account.must_change"] }).waitFor();
  await theirs.locator("input[name=current]").fill("a first password");
  await theirs.locator("input[name=new]").fill("their own password");
  await theirs.locator("input[name=again]").fill("their other password");
  await theirs.locator("form button.primary").click();
  await theirs.getByText(zh["account.differ"]).waitFor();
  await look(theirs, "first-password-360");
  await theirs.locator("input[name=again]").fill("their own password");
  await theirs.locator("form button.primary").click();
  await theirs.locator(".link.live").waitFor();

  // Disabled, they are out; deleted, the name is gone.
  await page.reload();
  const deeds = async (deed) => {
    await page.getByRole("button", { name: zh["account.deeds_of"].replace("{name}", "li") }).click();
    await page.getByRole("menuitem", { name: zh[`account.do.${deed}`], exact: true }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: zh[`account.do.${deed}`], exact: true }).click();
  };
  await deeds("disable");
  await page.getByText(zh["account.disabled"]).waitFor();
  await theirs.reload();
  await theirs.locator("input[name=password]").waitFor();
  await deeds("forget");
  await page.getByText(zh["account.forgotten"]).waitFor();
  await row.waitFor({ state: "detached" });
  assert.deepEqual(complaints, []);
  await theirs.close();
  await page.context().close();
});

test("an administrator names halls and windows", async () => {
  const { page, complaints } = await signIn(browser, central.url, { name: "admin" });
  await page.getByRole("link", { name: zh["directory.title"] }).first().click();
  await page.getByRole("button", { name: zh["directory.edit"] }).click();
  const dialog = page.getByRole("dialog");
  assert.ok((await dialog.locator("textarea").inputValue()).startsWith("1 1 号窗口"));
  await dialog.locator("textarea").fill("2 社保综合\n1 企业开办\n9 咨询台");
  await dialog.locator("button.primary").click();
  await page.getByText(zh["directory.saved"]).waitFor();
  const names = await page.locator(".chips li").allInnerTexts();
  assert.deepEqual(names.map((name) => name.trim().split(/\s+/).join(" ")), ["2 社保综合", "1 企业开办", "9 咨询台"]);
  await look(page, "admin-directory");
  await page.goto(`${central.url}/retention`);
  await page.getByText(zh["retention.days"].replace("{n}", "90")).first().waitFor();
  await look(page, "admin-retention");
  assert.deepEqual(complaints, []);
  // The board says so at once.
  const { page: board } = await signIn(browser, central.url);
  await board.getByText("社保综合").first().waitFor();
  await board.context().close();
  await page.context().close();
});

test("one-time codes, from the QR code to the sign-in", async () => {
  const { page, complaints } = await signIn(browser, central.url, { name: "auditor", colorScheme: "dark" });
  await page.goto(`${central.url}/security`);
  await page.getByRole("button", { name: zh["security.totp_on"] }).click();
  await page.getByRole("dialog").locator("input[name=password]").fill("a long test password");
  await page.getByRole("dialog").locator("button.primary").click();
  await page.locator("img.qr").waitFor();
  const shown = await page.locator("img.qr").evaluate((image) => image.complete && image.naturalWidth > 100);
  assert.ok(shown, "the QR code is drawn");
  const secret = await page.locator("code.hashes").innerText();
  await look(page, "security-scan-dark");
  // What is wrong is said in the reader's language.
  await page.locator("input[name=code]").fill("000000");
  await page.getByRole("dialog").locator("button.primary").click();
  assert.equal(await page.getByRole("dialog").locator(".failed").innerText(), zh["ui.wrong.code"]);
  const step = Math.floor(Date.now() / 30_000);
  await page.locator("input[name=code]").fill(code(secret, step));
  await page.getByRole("dialog").locator("button.primary").click();
  await page.locator(".codes li").first().waitFor();
  assert.equal(await page.locator(".codes li").count(), 10);
  const recovery = await page.locator(".codes li").first().innerText();
  await look(page, "security-codes-dark");
  await page.getByRole("button", { name: zh["security.kept"] }).click();
  await page.getByText(zh["security.totp_is_on"].replace("{n}", "10")).waitFor();
  await look(page, "security-dark");
  assert.deepEqual(complaints.filter((line) => !line.includes("status of 400")), []);
  await page.context().close();

  const again = await browser.newPage({ locale: "zh-CN" });
  await again.goto(central.url);
  await again.locator("input[name=name]").fill("auditor");
  await again.locator("input[name=password]").fill("a long test password");
  await again.locator("form button.primary").click();
  await again.locator("input[name=code]").fill("000000");
  await again.locator("form button.primary").click();
  await again.getByText(zh["ui.sign_in.wrong_code"]).waitFor();
  await look(again, "sign-in-code");
  await again.locator("input[name=code]").fill(recovery);
  await again.locator("form button.primary").click();
  await again.locator("#main[data-role=auditor]").waitFor();

  // The auditor's page: who did what, in words, by hall and by name.
  await again.goto(`${central.url}/access-log`);
  await again.getByText(zh["audit.hall_put"]).first().waitFor();
  await again.locator("tbody tr", { hasText: zh["audit.totp_on"] }).filter({ hasText: "auditor" }).first().waitFor();
  await look(again, "access-log");
  await again.locator("input[name=name]").fill("head");
  await again.locator("input[name=name]").press("Enter");
  // The rows of `head` stood there before the filter, too: only that the others leave shows it at work.
  await until(async () => (await again.locator("tbody tr", { hasText: "admin" }).count()) === 0, "the rows of others leave");
  await again.locator("tbody tr", { hasText: zh["audit.stream"] }).first().waitFor();
  assert.equal(await again.locator("tbody tr", { hasText: "admin" }).count(), 0);
  await again.setViewportSize({ width: 360, height: 740 });
  await look(again, "access-log-360");
  await again.goto(`${central.url}/security`);
  await again.getByText(`· ${zh["security.this_one"]}`).waitFor();
  await look(again, "security-360");
  await again.close();
});

test("what an administrator and an auditor must not see is not there", async () => {
  for (const [name, path] of [["admin", "/events"], ["admin", "/access-log"], ["admin", "/"]]) {
    const { page } = await signIn(browser, central.url, { name });
    if (path !== "/") {
      await page.goto(central.url + path);
      await page.getByText(zh["ui.no_page"]).waitFor();
    } else {
      assert.equal(new URL(page.url()).pathname, "/accounts");
    }
    await page.context().close();
  }
});

test("an administrator brings the next year's holidays, and heads are reminded no more", async () => {
  const { page: head } = await signIn(browser, central.url);
  const { page, complaints } = await signIn(browser, central.url, { name: "admin" });
  const { years, missing } = await call(page, central.url, "GET", "/public-calendar");
  const year = missing ?? years.at(-1).year + 1;
  await head.goto(`${central.url}/duty?part=calendar`);
  if (missing !== null) await head.locator(`[data-missing='${year}']`).first().waitFor();
  await page.goto(`${central.url}/holidays`);
  await page.getByRole("heading", { name: zh["public_calendar.title"] }).waitFor();
  if (missing !== null) await page.locator(`[data-missing='${year}']`).waitFor();
  const bring = page.getByRole("dialog");
  await page.getByRole("button", { name: zh["public_calendar.bring"] }).click();
  assert.equal(await bring.locator("input[name=year]").inputValue(), String(year));
  // Wrong rows are told together, and nothing is taken.
  await bring.locator("textarea").fill(`日期,类型,名称\n${year}-02-30,放假,元旦\n${year}-01-01,休假,元旦\n${year - 1}-01-01,放假,元旦\n`);
  await bring.locator("button.primary").click();
  await bring.getByText(zh["duty.problem.kind"]).waitFor();
  for (const word of ["day", "year"]) await bring.getByText(zh[`duty.problem.${word}`], { exact: false }).first().waitFor();
  await look(page, "holidays-wrong");
  const file = `日期,类型,名称\n${year}-01-01,放假,元旦\n${year}-10-01,放假,国庆节\n${year}-10-02,放假,国庆节\n`;
  await bring.locator("input[name=file]").setInputFiles({ name: "year.csv", mimeType: "text/csv", buffer: Buffer.from(file) });
  await bring.locator("button.primary").click();
  const days = page.locator(`[data-year='${year}'] li`);
  await days.first().waitFor();
  assert.equal(await days.count(), 3);
  assert.equal(await page.locator(`[data-missing='${year}']`).count(), 0);
  await bring.waitFor({ state: "detached" });
  await look(page, "holidays");
  await head.goto(`${central.url}/duty?part=calendar&month=${year}-10`);
  await head.locator(`[data-day='${year}-10-02'][data-kind=holiday]`).getByText("国庆节").waitFor();
  assert.equal(await head.locator(`[data-missing='${year}']`).count(), 0, "the head is reminded no more");
  await head.close();
  await page.setViewportSize(PHONE.viewport);
  await look(page, "holidays-360");
  await page.emulateMedia({ colorScheme: "dark" });
  await look(page, "holidays-360-dark");
  await page.emulateMedia({ colorScheme: "light" });
  // Taken back, it is missed again.
  await page.getByRole("button", { name: zh["public_calendar.forget"], exact: true }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: zh["public_calendar.forget"], exact: true }).click();
  await page.getByText(zh["public_calendar.forgotten"]).waitFor();
  await days.first().waitFor({ state: "detached" });
  assert.deepEqual(complaints.filter((one) => !one.includes("status of 422")), []);
});
