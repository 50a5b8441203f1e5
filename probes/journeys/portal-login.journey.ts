import { defineJourney } from '../journey.ts';
import { logIn, type PortalVars } from './pages/portal.ts';

export default defineJourney<PortalVars>(async (tools) => {
  const { page, step, expect } = tools;
  await logIn(tools);
  await step('Open the learning app', async () => {
    await page.getByRole('link', { name: 'My courses' }).click();
    await expect(page.getByRole('heading', { name: 'Your courses' })).toBeVisible();
  });
});
