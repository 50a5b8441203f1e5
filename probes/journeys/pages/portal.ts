import type { JourneyTools } from '../../journey.ts';

/** What every journey through the demo portal is told: where it is, and who logs in. */
export type PortalVars = 'baseUrl' | 'username';

/** Opens the portal and logs in through its identity provider, up to the page that greets the user. */
export async function logIn({ page, step, secret, vars, expect }: JourneyTools<PortalVars>): Promise<void> {
  await step('Open the portal', async () => {
    await page.goto(vars.baseUrl);
    await expect(page.getByLabel('Username')).toBeVisible();
  });
  await step('Log in', async () => {
    await page.getByLabel('Username').fill(vars.username);
    await page.getByLabel('Password').fill(secret('PORTAL_PASSWORD'));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('heading', { name: 'Welcome' })).toBeVisible();
  });
}
