import { defineJourney } from '../journey.ts';
import { logIn, type PortalVars } from './pages/portal.ts';

export default defineJourney<PortalVars>(async (tools) => {
  const { page, step, secret, vars, expect } = tools;
  await logIn(tools);
  await step('Let the session expire', async () => {
    await page.getByRole('link', { name: 'Your account' }).click();
    await page.getByRole('button', { name: 'Let my session expire' }).click();
    await expect(page.getByRole('status')).toContainText('Your session has expired');
  });
  await step('Log in again and come back', async () => {
    await page.getByLabel('Username').fill(vars.username);
    await page.getByLabel('Password').fill(secret('PORTAL_PASSWORD'));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('heading', { name: 'Your account' })).toBeVisible();
  });
});
