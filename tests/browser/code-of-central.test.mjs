// A code of central opens the calibration page of an agent: real central, a real agent that trusts its key, real Chromium.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { HALLS, follow, startCalibration } from "./calibration-parts.mjs";
import { HALL, accessible, catalogue, fits, screenshot, signIn, startBrowser, startCentral, until } from "./parts.mjs";

const zh = catalogue("zh-CN");
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true };
/** An agent says once a minute how it is, and where its page is open. */
const NEXT_REPORT_S = 150;
let central, browser, agent, reports;

before(async () => {
  central = await startCentral({ signing: true });
  central.addAccount("installer", "installer", "--hall", HALL);
  reports = await follow(central.broker, "machine");
  [browser, agent] = await Promise.all([startBrowser(), startCalibration(central.broker, HALLS.test, central.publicKey)]);
});

after(async () => {
  await browser?.close();
  await agent?.stop();
  await reports?.stop();
  await central?.stop();
});

/** Has central issue a code; `done` is to be called with the dialog that shows it. */
async function issued(page, done) {
  await page.getByRole("button", { name: zh["fleet.code"] }).click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByRole("button", { name: zh["fleet.code_make"] }).click();
  const code = await dialog.locator("[data-code]").innerText();
  const said = await done(dialog, code);
  await dialog.getByRole("button", { name: zh["ui.close"], exact: true }).last().click();
  await dialog.waitFor({ state: "detached" });
  return said;
}

test("while the agent's page is closed its code says what to do; once it is open the link signs in, once", async () => {
  const { page, complaints } = await signIn(browser, central.url, { name: "installer" });
  await until(() => reports.messages.length > 0, "the agent has reported", NEXT_REPORT_S);
  await page.goto(`${central.url}/fleet/${HALL}/edge-01`);
  await issued(page, async (dialog) => {
    await dialog.getByText(zh["fleet.code_how"].replace("{agent}", "edge-01")).waitFor();
    await dialog.getByRole("img", { name: zh["fleet.code_qr"], exact: true }).waitFor();
    assert.equal(await dialog.getByRole("link").count(), 0, "there is no page to lead to");
    await accessible(page, "a code while the page is closed");
    await screenshot(page, "code-page-closed");
    await page.setViewportSize(PHONE.viewport);
    await fits(page, "a code while the page is closed, on a phone");
    await screenshot(page, "code-page-closed-phone");
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  const { address, fingerprint } = agent.invite();
  await until(() => reports.messages.some((one) => `https://${one.page}` === address), "the agent says where its page is", NEXT_REPORT_S);
  const isKnown = () => issued(page, (dialog) => dialog.getByRole("link").count());
  await until(isKnown, "central has stored it");
  const link = await issued(page, async (dialog, code) => {
    const offered = dialog.getByRole("link", { name: address });
    assert.equal(await offered.getAttribute("href"), `${address}/#code=${code}`);
    await dialog.getByRole("img", { name: zh["fleet.code_link_qr"], exact: true }).waitFor();
    assert.equal(await dialog.locator("[data-fingerprint]").innerText(), fingerprint);
    await accessible(page, "a code for an open page");
    await screenshot(page, "code-page-open");
    await page.setViewportSize(PHONE.viewport);
    await fits(page, "a code for an open page, on a phone");
    await screenshot(page, "code-page-open-phone");
    await page.setViewportSize({ width: 1280, height: 800 });
    return offered.getAttribute("href");
  });
  assert.deepEqual(complaints, []);

  const open = async () => {
    const context = await browser.newContext({ locale: "zh-CN", ignoreHTTPSErrors: true, ...PHONE });
    const phone = await context.newPage();
    await phone.goto(link);
    assert.equal(await phone.locator("input[name=code]").inputValue(), new URL(link).hash.slice("#code=".length));
    await phone.getByText(fingerprint.slice(0, 11)).waitFor();
    await fits(phone, "sign-in with a code of central");
    await screenshot(phone, "code-of-central-phone");
    await phone.getByRole("button", { name: zh["ui.sign_in"] }).click();
    return phone;
  };
  const first = await open();
  await first.locator("[data-camera='cam-1']").waitFor();
  const second = await open();
  await second.getByText(zh["ui.error.wrong_code"]).waitFor();
  await first.locator("[data-camera='cam-1']").click();
  await first.locator(".panel[data-step=windows]").waitFor();
  await Promise.all([first, second].map((phone) => phone.context().close()));
  await page.context().close();
});
