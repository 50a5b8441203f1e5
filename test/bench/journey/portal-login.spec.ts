import { expect, test } from 'playwright/test';
import { contenderSettings } from './contender-settings.ts';
import { playLogin } from './play-login.ts';

test('portal login', async ({ page, context }) => {
  await playLogin({ page, context, expect }, contenderSettings().baseUrl);
});
