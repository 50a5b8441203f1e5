import { chromium, type Browser, type Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBrowserExecutable } from '#probes/browser/browser-executable.ts';
import { takeScreenshot } from '#probes/browser/screenshot.ts';
import { coloursOf } from '#test/fixtures/picture.ts';

const SECRET = 'hunter2-hunter2';
const COVERED = 0x44;

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findBrowserExecutable(process.env) });
});
afterAll(() => browser.close());

/** Red, green and blue of the picture at the middle of each element. */
async function coloursAt(page: Page, image: Uint8Array, selectors: readonly string[]): Promise<number[][]> {
  const boxes = await Promise.all(selectors.map((selector) => page.locator(selector).boundingBox()));
  const points = boxes.map((box) => ({
    x: (box?.x ?? 0) + (box?.width ?? 0) / 2,
    y: (box?.y ?? 0) + (box?.height ?? 0) / 2,
  }));
  return coloursOf(browser, image, points);
}

test('password fields, fields that hold a secret and texts that show one are covered; the rest is not', async () => {
  const page = await browser.newPage();
  await page.setContent(`<style>p { width: 20em }</style>
    <p><input id="password" type="password" value="anything"></p>
    <p><input id="shown" value="x${SECRET}y"></p>
    <p><textarea id="area">${SECRET}</textarea></p>
    <p id="text">You typed ${SECRET}</p>
    <p><input id="plain" value="   "></p>`);
  const image = await takeScreenshot(page, [SECRET], 5_000);
  expect(image === undefined).toBe(false);
  const colours = await coloursAt(page, image ?? new Uint8Array(), [
    '#password',
    '#shown',
    '#area',
    '#text',
    '#plain',
  ]);
  const covered = colours.map((colour) => colour.every((value) => Math.abs(value - COVERED) < 8));
  expect(covered).toEqual([true, true, true, true, false]);
});

test('a page that cannot be looked into gives no picture', async () => {
  const page = await browser.newPage();
  await page.setContent(`<input value="${SECRET}">`);
  await page.evaluate(() => {
    setTimeout(() => {
      for (;;);
    });
  });
  await expect(takeScreenshot(page, [SECRET], 500)).rejects.toThrow('the screenshot took over 500 ms');
});
