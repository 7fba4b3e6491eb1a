/** The budget per person and client bounds every page a client causes and every row that somebody writes about it. */
import { describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { auditRows, count } from '../support/database-file.ts';
import { openPage } from '../support/journey-steps.ts';
import { consentForm, register } from '../support/mcp-client.ts';
import { linksTo, submit } from '../support/page-forms.ts';

describe('the budget of pages and words', () => {
  it('an app that waits for an administrator: the page, and what is said on it, are bounded', async () => {
    const strict = await startGithubSetting({
      settings: {
        limits: { registrations: 'off', prompts: { pages: 3, within: '5m' } },
        registration: { new_clients: 'quarantined' },
      },
    });
    try {
      const { issuer } = strict.setting;
      const client = await register(issuer);
      const jar = new BrowserJar();
      const pages: JarResponse[] = [];
      for (let turn = 0; turn < 6; turn += 1)
        pages.push((await openPage(issuer, { jar, client, changes: { state: `s${turn}` } })).page);
      // The first visit of a new browser is not its own yet.
      expect(pages.map(({ status }) => status)).toEqual([403, 403, 403, 403, 429, 429]);
      expect(pages.at(-1)?.body).not.toContain('name="ticket"');

      const said: number[] = [];
      for (let turn = 0; turn < 6; turn += 1) {
        const stranger = await openPage(issuer, { client });
        const { action, ticket } = consentForm(stranger.page);
        said.push((await stranger.jar.postForm(action, { ticket, words: 'please' })).status);
      }
      expect(said).toEqual([200, 200, 200, 429, 429, 429]);
      expect(count(strict.setting, 'admission_requests')).toBe(3);
      expect((await openPage(issuer, { jar, client: await register(issuer) })).page.status).toBe(403);
    } finally {
      await strict.close();
    }
  });

  it('a report about one client from one place is taken only so often, whatever browsers it comes from', async () => {
    const strict = await startGithubSetting({
      settings: { limits: { registrations: 'off', prompts: { pages: 2, within: '5m' } } },
    });
    try {
      const client = await register(strict.setting.issuer);
      const said: number[] = [];
      for (let turn = 0; turn < 4; turn += 1) {
        const { jar, page } = await openPage(strict.setting.issuer, { client });
        said.push((await submit(jar, await jar.click(linksTo(page, '/report')[0] ?? ''), '/report')).status);
      }
      expect(said).toEqual([303, 303, 429, 429]);
      expect(auditRows(strict.setting, 'request.reported')).toHaveLength(2);
    } finally {
      await strict.close();
    }
  });
});
