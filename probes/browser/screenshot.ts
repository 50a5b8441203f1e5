import type { Frame, Locator, Page } from 'playwright';
import { SCREENSHOT_BYTES_MAX } from '#core/wire.ts';
import { withDeadline } from '../deadline.ts';

/** Readable text at a tenth of a PNG's size. */
const JPEG_QUALITY = 60;
/** Fields compared with the secrets in one frame; a form has a dozen. */
const FIELDS_MAX = 200;

/**
 * The visible part of the page as JPEG, with password fields, fields that hold a secret and texts that show one covered.
 * Rejects when that cannot be done within `deadlineMs`: rather no picture than one with a secret in it.
 */
export async function takeScreenshot(
  page: Page,
  secrets: readonly string[],
  deadlineMs: number,
): Promise<Uint8Array | undefined> {
  const shoot = async (): Promise<Uint8Array> => {
    const masks = await Promise.all(page.frames().map((frame) => secretPlaces(frame, secrets)));
    return page.screenshot({
      type: 'jpeg',
      quality: JPEG_QUALITY,
      scale: 'css',
      mask: masks.flat(),
      maskColor: '#444',
      timeout: deadlineMs,
    });
  };
  const image = await withDeadline(shoot(), deadlineMs, 'the screenshot');
  return image.byteLength <= SCREENSHOT_BYTES_MAX ? image : undefined;
}

async function secretPlaces(frame: Frame, secrets: readonly string[]): Promise<Locator[]> {
  const fields = frame.locator('input, textarea');
  // The values come to us, not the secrets to the page: its scripts could listen.
  const values = await fields.evaluateAll(
    (elements, max) =>
      elements.slice(0, max).map((element) => (element as HTMLInputElement).value.slice(0, 10_000)),
    FIELDS_MAX,
  );
  const held = values.flatMap((value, index) =>
    secrets.some((secret) => value.includes(secret)) ? [fields.nth(index)] : [],
  );
  return [
    frame.locator('input[type=password]'),
    ...held,
    // Playwright looks for texts in a world of its own, which the page's scripts do not see.
    ...secrets.map((secret) => frame.getByText(secret)),
  ];
}
