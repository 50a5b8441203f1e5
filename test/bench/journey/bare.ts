// The limit: one warm Chromium, a new context for each run, the actions, and nothing else. Plays at each message.
import { chromium } from 'playwright';
import { expect } from 'playwright/test';
import { contenderSettings } from './contender-settings.ts';
import { playLogin } from './play-login.ts';

const { baseUrl, executablePath } = contenderSettings();
const browser = await chromium.launch({ executablePath });

/** Milliseconds of the journey itself, as the probe counts them: opening and closing the context are not in it. */
async function play(): Promise<number> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const startedMs = performance.now();
    await playLogin({ page, context, expect }, baseUrl);
    return performance.now() - startedMs;
  } finally {
    await context.close();
  }
}

process.on('message', () => {
  play().then(
    (wallMs) => process.send?.({ wallMs }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.once('disconnect', () => void browser.close().finally(() => process.exit(0)));
process.send?.({ ready: true });
