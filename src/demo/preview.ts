/**
 * `/preview`: every page in every state, from fixtures, in each language and theme; in demo mode only.
 *
 * Shows the operator's brand on made-up people and apps. Its forms lead nowhere: nothing here reads or writes a store.
 */
import type { Context, Hono } from 'hono';
import { fixturesFor } from '../../views/fixtures.ts';
import { LANGUAGES, textFor } from '../../views/messages/catalog.ts';
import type { Frame } from '../../views/models.ts';
import { stylesheetFor } from '../../views/stylesheet.ts';
import { frameOf } from '../browser/frame.ts';
import { answerPage, ownPath } from '../browser/responder.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { previewIndex } from './preview-index.tsx';

const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

export function mountPreview(app: Hono<AppEnv>, deps: AppDeps): void {
  app.get('/preview', (c) => {
    const [language, theme] = wishes(c);
    const names = fixturesFor(previewFrame(c, deps, 'auto')).map((fixture) => fixture.name);
    const page = previewIndex({
      names,
      languages: LANGUAGES,
      themes: THEMES,
      language,
      theme,
      stylesheets: previewFrame(c, deps, theme).stylesheets,
    });
    return answerPage(c, deps, page);
  });
  app.get('/preview/:name', (c) => {
    const [language, theme] = wishes(c);
    const fixture = fixturesFor(previewFrame(c, deps, theme)).find(({ name }) => name === c.req.param('name'));
    return fixture === undefined
      ? c.notFound()
      : answerPage(c, deps, fixture.page(textFor(language)), { hasForm: true });
  });
  app.get('/preview/theme/:file', (c) => {
    const theme = c.req.param('file').replace(/\.css$/, '');
    if (theme !== 'light' && theme !== 'dark') return c.notFound();
    const always = theme === 'dark' ? 'all' : 'not all';
    const css = stylesheetFor(deps.config.brand.accent).css.replaceAll(/\(prefers-color-scheme:\s*dark\)/g, always);
    return c.body(css, 200, { 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'no-store' });
  });
}

function wishes(c: Context): readonly [string, Theme] {
  const language = c.req.query('lang') ?? 'en';
  const theme = THEMES.find((known) => known === c.req.query('theme')) ?? 'auto';
  return [LANGUAGES.includes(language) ? language : 'en', theme];
}

function previewFrame(c: Context<AppEnv>, deps: AppDeps, theme: Theme): Frame {
  const frame = frameOf(c, deps, undefined);
  const stylesheets = theme === 'auto' ? frame.stylesheets : [ownPath(deps, `/preview/theme/${theme}.css`)];
  return { ...frame, stylesheets, account: { name: 'maya@northwind.example', signOut: undefined } };
}
