import { defineConfig } from 'playwright/test';
import { contenderSettings } from './contender-settings.ts';

const { executablePath, outputFolder } = contenderSettings();

/** Playwright Test with one spec: no trace, no screenshot, no report but a line. */
export default defineConfig({
  testDir: '.',
  testMatch: 'portal-login.spec.ts',
  outputDir: outputFolder,
  reporter: 'line',
  workers: 1,
  retries: 0,
  use: { launchOptions: { executablePath } },
});
