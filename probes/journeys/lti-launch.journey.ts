import { defineJourney } from '../journey.ts';
import { logIn, type PortalVars } from './pages/portal.ts';

export default defineJourney<PortalVars>(async (tools) => {
  const { page, step, expect } = tools;
  await logIn(tools);
  await step('Launch the exam tool', async () => {
    await page.getByRole('link', { name: 'Exam tool' }).click();
    await expect(page.getByRole('heading', { name: 'Exam ready' })).toBeVisible();
  });
});
