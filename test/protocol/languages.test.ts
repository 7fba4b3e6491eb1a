/** Languages and the operator's words over HTTP: who decides, what is remembered, what is refused; no script anywhere. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/load.ts';
import { PAGE_RULES } from '../../views/operator-words.ts';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { openPage } from '../support/journey-steps.ts';
import { authorizationUrl, consentForm, decide, newPkce, register } from '../support/mcp-client.ts';
import { linksTo, wordsOf } from '../support/page-forms.ts';

type World = Awaited<ReturnType<typeof startGithubSetting>>;

let world: World;
let issuer: string;
beforeAll(async () => {
  world = await startGithubSetting({
    settings: {
      limits: { registrations: 'off' },
      default_locale: 'es',
      messages: { en: { allow: 'Let it in' }, de: { deny: 'Bloß nicht' } },
      brand: {
        name: 'Northwind MCP',
        support_url: 'https://help.northwind.example',
        paragraph: 'Run by <b>Northwind</b> IT, building 4.',
      },
    },
  });
  issuer = world.setting.issuer;
});
afterAll(() => world.close());

const languageOf = (body: string) => /<html lang="([^"]+)" dir="([^"]+)"/.exec(body)?.slice(1, 3).join(' ');

describe('the language of a page', () => {
  it('is the operator’s when nobody wishes one, and the browser’s before that', async () => {
    expect(languageOf((await new BrowserJar().get(`${issuer}/account`)).body)).toBe('es ltr');
    expect(languageOf((await new BrowserJar().get(`${issuer}/account`, { 'accept-language': 'ja' })).body)).toBe(
      'ja ltr',
    );
  });

  it('is the app’s wish through the whole journey', async () => {
    const { jar, page } = await openPage(issuer, { changes: { ui_locales: 'xx ar' } });
    expect(languageOf(page.body)).toBe('ar rtl');
    expect(languageOf((await jar.get(consentForm(page).action)).body)).toBe('ar rtl');
    expect(languageOf((await jar.follow(await decide(jar, page, 'deny'))).body)).toBe('ar rtl');
    expect(languageOf((await jar.get(`${issuer}/account`)).body)).toBe('es ltr');
  });

  it('is the person’s choice before all, by a link, and stays', async () => {
    const { jar, page } = await openPage(issuer, { changes: { ui_locales: 'fr' } });
    expect(languageOf(page.body)).toBe('fr ltr');
    const links = linksTo(page, 'lang=');
    expect(links.map((link) => new URL(link).searchParams.get('lang'))).toEqual([
      'en',
      'de',
      'fr',
      'es',
      'ja',
      'zh-Hans',
      'ar',
    ]);
    expect(page.body).toMatch(
      /<a href="[^"]*lang=fr" lang="fr" hreflang="fr" dir="auto" aria-current="true">Français<\/a>/,
    );
    const german = await jar.click(links[1] ?? '');
    expect(languageOf(german.body)).toBe('de ltr');
    expect(consentForm(german)).toEqual(consentForm(page));
    expect(languageOf((await jar.get(`${issuer}/account`, { 'accept-language': 'ja' })).body)).toBe('de ltr');
    const cookie = [...jar.cookiesFor(issuer).values()].find(({ name }) => name === 'mcb_lang');
    expect(cookie).toMatchObject({ value: 'de', path: '/', sameSite: 'lax' });
  });

  it('can be changed on error pages and the account page, and never with a code or state in a link', async () => {
    for (const address of ['/account', '/help/why', '/consent/none', '/nowhere', '/authorize?client_id=none']) {
      const page = await new BrowserJar().get(`${issuer}${address}`);
      const german = linksTo(page, 'lang=de')[0] ?? '';
      expect(languageOf((await new BrowserJar().get(german)).body), address).toBe('de ltr');
    }
    const callback = await new BrowserJar().get(`${issuer}/callback/corp?code=abc&state=xyz`);
    expect(linksTo(callback, 'lang=')).toEqual([]);
  });

  it('takes nothing but a language there is', async () => {
    for (const lang of ['tlh', '"><script>', 'de,en', '']) {
      const jar = new BrowserJar();
      const page = await jar.get(`${issuer}/account?lang=${encodeURIComponent(lang)}`);
      expect(languageOf(page.body)).toBe('es ltr');
      expect(page.headers['set-cookie']).toBeUndefined();
      expect(page.body).not.toContain('<script');
    }
  });
});

describe('the operator’s own words', () => {
  it('replace a sentence in the language they are for', async () => {
    const english = await openPage(issuer, { changes: { ui_locales: 'en-GB' } });
    expect(english.page.body).toMatch(/value="allow">Let it in<\/button>/);
    const german = await openPage(issuer, { changes: { ui_locales: 'de' } });
    expect(german.page.body).toMatch(/formnovalidate(?:="")?>Bloß nicht<\/button>/);
    expect(german.page.body).not.toContain('Let it in');
  });

  it('stand on every page as plain text, with name and help, errors too', async () => {
    const pages = [
      (await openPage(issuer)).page,
      await new BrowserJar().get(`${issuer}/account`),
      await new BrowserJar().get(`${issuer}/authorize?client_id=none`),
      await new BrowserJar().get(`${issuer}/nowhere`),
    ];
    for (const page of pages) {
      expect(page.body).toContain('Run by &lt;b&gt;Northwind&lt;/b&gt; IT, building 4.');
      expect(wordsOf(page)).toContain('Northwind MCP');
      expect(linksTo(page, 'help.northwind.example')).toEqual(['https://help.northwind.example/']);
    }
  });

  const problems = (settings: Readonly<Record<string, unknown>>) => {
    const text = JSON.stringify({
      issuer: 'https://auth.example.com',
      secrets: ['kF3v9-Qm2xT7_bN5cR8yL1wZ4pH6sD0aJgUeVi'],
      upstreams: { corp: { preset: 'oidc', issuer: 'https://login.corp.example', client_id: 'broker' } },
      resources: { notes: { url: 'https://notes.example.com/mcp', name: 'Notes', upstream: 'corp' } },
      ...settings,
    });
    const loaded = readConfig(text, { env: {}, baseDir: '/nowhere', name: 'broker.yaml', pages: PAGE_RULES });
    return loaded.ok ? [] : loaded.problems.map(({ code, problem, fix }) => `${code} ${problem}: ${fix}`);
  };

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    [
      'an unknown key',
      { messages: { de: { alow: 'Erlauben' } } },
      'E127 there is no sentence "alow": did you mean allow?',
    ],
    [
      'a key like no other',
      { messages: { de: { 'no-such-sentence-anywhere': 'Erlauben' } } },
      'E127 there is no sentence "no-such-sentence-anywhere": keys are listed in docs/messages.md',
    ],
    [
      'an unknown language',
      { messages: { nl: { allow: 'Toestaan' } } },
      'E127 there is no language "nl": write one of en, de, fr, es, ja, zh-Hans, ar',
    ],
    [
      'a lost placeholder',
      { messages: { en: { helpLink: 'Help' } } },
      'E127 this sentence has to keep {brand}: keep its placeholders and bold marks, or remove it',
    ],
    [
      'an unknown default',
      { default_locale: 'nl' },
      'E127 there is no language "nl": write one of en, de, fr, es, ja, zh-Hans, ar',
    ],
    [
      'an accent too pale for white text',
      { brand: { accent: '#ffcc00' } },
      'E120 white text on this accent has a contrast below 4.5:1: write "#8f7200" or a darker shade',
    ],
  ])('are refused for %s', (_what, settings, expected) => {
    expect(problems(settings)).toEqual([expected]);
  });

  it('are accepted when they fit', () => {
    expect(problems({ default_locale: 'de', messages: { en: { helpLink: 'Ask {brand}' } } })).toEqual([]);
    expect(problems({ brand: { accent: '#0b5' } })).not.toEqual([]);
    expect(problems({ brand: { paragraph: 'x'.repeat(201) } })).toHaveLength(1);
  });
});

describe('a page in another language', () => {
  it('keeps to the request it belongs to: the same URL with a language opens no second one', async () => {
    const jar = new BrowserJar();
    const url = authorizationUrl(issuer, await register(issuer), newPkce());
    const first = await jar.get(url);
    const second = await jar.get(`${url}&lang=de`);
    expect(languageOf(second.body)).toBe('de ltr');
    expect(consentForm(second).action).toBe(consentForm(first).action);
  });
});
