/** What the pages say, taken together: whose name stands on them, who speaks, how hard the words are, whom they warn of. */
import { getDomain } from 'tldts';
import { describe, expect, it } from 'vitest';
import { STARTER_CATALOG } from '../../src/domain/catalog/starter.ts';
import { identify } from '../../src/domain/identity.ts';
import { fixturesFor } from '../../views/fixtures.ts';
import { documentOf } from '../../views/layout.tsx';
import { textFor } from '../../views/messages/catalog.ts';
import { en } from '../../views/messages/en.ts';
import type { Frame } from '../../views/models.ts';
import { CLAUDE_CODE, CURSOR, REAL_CLIENTS, VS_CODE } from '../support/real-clients.ts';

const FRAME: Frame = {
  brand: { name: 'Juniper Works', logoUrl: undefined, supportUrl: 'https://help.juniper.example' },
  stylesheets: ['/assets/sheet.css'],
  demo: false,
  timeZone: 'Europe/Berlin',
  now: 1_795_181_580,
  account: undefined,
  whyUrl: '/help/why',
  accountUrl: '/account',
  reportUrl: undefined,
};
const pages = fixturesFor(FRAME).map(({ name, page }) => ({ name, html: documentOf(page(textFor('en'))) }));
const bare = (html: string): string => html.replace(/<svg[\s\S]*?<\/svg>/g, '').replace(/<[^>]+>/g, ' ');

describe('the name on a page', () => {
  it.each(pages)('$name is the operator’s, in the title, at the top and in the way to help', ({ html }) => {
    expect(html).toMatch(/<title>[^<]+ · Juniper Works<\/title>/);
    expect(/<header[\s\S]*?<\/header>/.exec(html)?.[0]).toContain('Juniper Works');
    expect(/<footer[\s\S]*?<\/footer>/.exec(html)?.[0]).toContain('href="https://help.juniper.example"');
  });

  it.each(pages)('$name is never ours, nor that of what we are made of', ({ html }) => {
    expect(html).not.toMatch(/consent.?broker|powered by|hono\b|sqlite|postgres|drizzle|model context protocol/i);
  });
});

describe('after the choice', () => {
  const after = pages.filter(({ name }) => name.startsWith('hand-off') || name.startsWith('error'));
  it('what an app calls itself stands in quotes and in no heading, title or link', () => {
    const own = ['Quill Editor', 'Qui11 Desktop'];
    const said = after.filter(({ html }) => own.some((name) => html.includes(name)));
    expect(said.length).toBeGreaterThan(0);
    for (const { name, html } of said) {
      for (const one of own) expect(html.split(one).length, name).toBe(html.split(`“<bdi>${one}</bdi>”`).length);
      for (const [part] of html.matchAll(/<(h1|title|a)\b[\s\S]*?<\/\1>/g))
        expect(part, name).not.toMatch(own.join('|'));
    }
  });
});

const silent = (word: string): string => word.replace(/(?:[^laeiouy]es|ed|[^laeiouy]e)$/, '').replace(/^y/, '');
const syllables = (word: string): number =>
  word.length <= 3 ? 1 : Math.max(1, silent(word).match(/[aeiouy]{1,2}/g)?.length ?? 1);

/** School years by Flesch and Kincaid. */
function grade(text: string): number {
  const sentences = text.split(/[.?!:…]+(?:\s|$)|\n/).filter((one) => /[a-z]/i.test(one));
  const words = text.toLowerCase().match(/[a-z]+(?:’[a-z]+)?/g) ?? [];
  const sounds = words.reduce((sum, word) => sum + syllables(word.replace(/’.*/, '')), 0);
  return 0.39 * (words.length / sentences.length) + 11.8 * (sounds / words.length) - 15.59;
}

describe('the words', () => {
  it('are measured as they should be', () => {
    expect(grade('The cat sat on the mat.')).toBeLessThan(1);
    expect(grade('Authorization configuration necessitates organizational administration.')).toBeGreaterThan(20);
  });

  it('of all messages together read at grade 8 or below', () => {
    const said = Object.entries(en)
      .filter(([key]) => !key.startsWith('tech'))
      .flatMap(([, value]) => (typeof value === 'string' ? [value] : Object.values(value)))
      .map((one) => one.replace(/<\/?b>/g, '').replace(/\{\w+\}/g, 'it'));
    expect(grade(said.join('\n'))).toBeLessThanOrEqual(8);
  });

  it.each(pages)('$name reads at grade 8 or below', ({ html }) => {
    const main = /<main[\s\S]*<\/main>/.exec(html)?.[0] ?? '';
    const sentences = main
      .replace(/<details class="tech"[\s\S]*?<\/details>|<svg[\s\S]*?<\/svg>/g, '')
      .replace(/<bdi[^>]*>[\s\S]*?<\/bdi>/g, 'it')
      .replace(/<\/(?:p|li|h\d|dt|dd|td|th|button|caption|summary|legend)>/g, '\n');
    expect(grade(bare(sentences))).toBeLessThanOrEqual(8);
  });
});

describe('well-known clients as they register', () => {
  const clients = [...REAL_CLIENTS, VS_CODE, CURSOR, CLAUDE_CODE];
  const uses = clients.flatMap(({ registration, uses }) => uses.map((uri) => [registration.client_name, uri] as const));
  const alarmsOf = (name: unknown, redirectUri: string) =>
    identify({
      name: typeof name === 'string' ? name : undefined,
      clientId: 'client-1',
      redirectUri,
      documentHost: undefined,
      documentTrusted: false,
      catalog: STARTER_CATALOG,
      operatorNames: ['Juniper Works'],
      upstreamNames: ['Corp'],
      siteUsedBefore: false,
      registrableDomain: (host) => getDomain(host, { allowPrivateDomains: true }) ?? undefined,
    }).alarms;

  it('raise no alarm at any address they use', () => {
    expect(uses.length).toBeGreaterThanOrEqual(20);
    expect(uses.filter(([name, uri]) => alarmsOf(name, uri).length > 0)).toEqual([]);
  });

  it('would raise one under the same name at another site', () => {
    expect(alarmsOf('Cursor', 'https://cursor-login.example/cb')).toHaveLength(1);
  });
});
