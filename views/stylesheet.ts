/**
 * The one stylesheet of every page: light and dark, forced colours, print, 320 px to wide, either direction.
 *
 * Decides looks only. Logical properties throughout; no font, image or other request; nothing moves. The one animation
 * keeps the allowing button from being clicked in the first half second (clickjacking by a well-timed double click).
 */
import { brandTokens } from './brand.ts';
import { CONTROLS } from './stylesheet-controls.ts';
import { LISTS } from './stylesheet-lists.ts';

const BASE = `
:root {
  color-scheme: light dark;
  --page: #f1f4f3; --page-top: #e7eceb; --card: #fff; --sunken: #f5f8f7; --line: #d5dddb; --edge: #6d7d79;
  --ink: #13211e; --soft: #45534f; --alarm-ink: #84160f; --alarm-tint: #fdeae8; --alarm-line: #c9483f;
  --note-ink: #5c4300; --note-tint: #fdf3d8; --note-line: #d8b24a; --shadow: 0 1px 2px #0d25200f, 0 12px 32px #0d25200f;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Segoe UI Mono", "Liberation Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1413; --page-top: #080c0c; --card: #182120; --sunken: #1f2927; --line: #33403d; --edge: #83948f;
    --ink: #eef3f1; --soft: #b9c5c1; --alarm-ink: #ffc9c3; --alarm-tint: #3a1714; --alarm-line: #d9685e;
    --note-ink: #f5dc9b; --note-tint: #362a0c; --note-line: #957a2c; --shadow: 0 12px 32px #0006;
  }
}
@media (prefers-contrast: more) {
  :root { --line: var(--edge); --soft: var(--ink); }
}
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-block: 1rem; }
body {
  margin: 0; padding: 0 1rem 2rem; min-block-size: 100vh; color: var(--ink);
  background: var(--page) linear-gradient(var(--page-top), var(--page) 16rem) no-repeat;
  font: 400 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
}
body > :not(.skip) { max-inline-size: 39rem; margin-inline: auto; }
body.wide > :not(.skip) { max-inline-size: 56rem; }
p, ul, ol, dl, dd, h1, h2, h3, h4, table { margin: 0; }
ul, ol { padding: 0; list-style: none; }
h1, h2, h3, h4 { line-height: 1.25; overflow-wrap: anywhere; text-wrap: balance; }
h1 { font-size: 1.625rem; letter-spacing: -.015em; }
h2 { font-size: 1.0625rem; }
h3 { font-size: 1.0625rem; }
h4 { font-size: .875rem; color: var(--soft); }
p, dd, li, td, th { overflow-wrap: anywhere; }
strong { font-weight: 650; }
.small { color: var(--soft); font-size: .9375rem; }
a { color: var(--accent-ink); text-underline-offset: .18em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent-ink); outline-offset: 2px; border-radius: 6px; }
.icon { inline-size: 1.25rem; block-size: 1.25rem; flex: none; fill: none; stroke: currentcolor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
.code { display: inline-block; max-inline-size: 100%; font-family: var(--mono); font-size: .9375em; font-weight: 600; unicode-bidi: isolate; overflow-wrap: anywhere; }
.codes .code { font-weight: 400; }

.skip { position: absolute; inset-block-start: 0; inset-inline-start: 0; z-index: 1; padding: .75rem 1rem; background: var(--card); color: var(--accent-ink); }
.skip:not(:focus) { clip-path: inset(50%); inline-size: 1px; block-size: 1px; overflow: hidden; padding: 0; }
.demo { margin-block-start: .75rem; padding: .375rem .875rem; border: 1px dashed var(--note-line); border-radius: 10px; background: var(--note-tint); color: var(--note-ink); font-size: .875rem; }
.top { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; justify-content: space-between; padding-block: .9375rem 1.0625rem; }
.brand { display: flex; align-items: center; gap: .625rem; font-weight: 650; }
.monogram { display: grid; place-items: center; inline-size: 1.875rem; block-size: 1.875rem; border-radius: 8px; background: var(--accent); color: var(--on-accent); font-size: .9375rem; font-weight: 700; }
.logo { display: block; inline-size: auto; max-inline-size: 9rem; block-size: 1.875rem; object-fit: contain; }
.who { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: center; color: var(--soft); font-size: .9375rem; overflow-wrap: anywhere; }
footer { padding-block-start: 1.375rem; font-size: .9375rem; }
footer ul { display: flex; flex-wrap: wrap; justify-content: center; gap: .375rem 1.25rem; }
footer nav + nav { margin-block-start: .5rem; }
.house { max-inline-size: 40rem; margin: 0 auto .5rem; color: var(--soft); text-align: center; }
.languages [aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
footer a, .links a { display: inline-block; padding-block: .25rem; }

.card { border: 1px solid var(--line); border-radius: 16px; background: var(--card); box-shadow: var(--shadow); overflow: hidden; }
.opening { padding: 1.5rem 1.75rem 0; }
.body { padding: 1.125rem 1.75rem 1.375rem; }
.opening .notice { margin-block-end: 1rem; }
.lead { margin-block-start: .375rem; color: var(--soft); font-size: 1.0625rem; }
.lead strong { color: var(--ink); }
.body > p + p { margin-block-start: .625rem; }

.route { border: 1px solid var(--line); border-radius: 12px; background: var(--sunken); padding: 1rem 1.125rem; }
.stop { position: relative; padding-inline-start: 3.625rem; min-block-size: 2.75rem; }
.stop + .stop { margin-block-start: 1rem; }
.stop:first-child::before { content: ""; position: absolute; inset-block: 3.125rem -1rem; inset-inline-start: calc(1.375rem - 1px); border-inline-start: 2px dotted var(--edge); }
.stop dt { color: var(--soft); font-size: .875rem; line-height: 1.35; }
.stop .tile { position: absolute; inset-block-start: 0; inset-inline-start: 0; }
.name { display: flex; flex-wrap: wrap; gap: .125rem .625rem; align-items: center; font-size: 1.0625rem; font-weight: 650; line-height: 1.4; }
.stop dd .small { line-height: 1.4; }
.tile { display: grid; place-items: center; inline-size: 2.75rem; block-size: 2.75rem; border: 1px solid var(--accent-line); border-radius: 12px; background: var(--accent-tint); color: var(--accent-ink); font-size: 1.125rem; font-weight: 700; }
.stop + .stop .tile { background: var(--card); border-color: var(--line); color: var(--soft); }
.tile.not_confirmed { border: 1px dashed var(--edge); background: var(--card); color: var(--soft); }
.stop .tile.alarm, .tile.alarm { border: 1px solid var(--alarm-line); background: var(--alarm-tint); color: var(--alarm-ink); }
.pill { display: inline-flex; align-items: center; gap: .375rem; padding: .125rem .625rem .125rem .5rem; border: 1px solid var(--accent-line); border-radius: 1rem; background: var(--accent-tint); color: var(--accent-ink); font-size: .8125rem; font-weight: 600; line-height: 1.4; }
.pill .icon { inline-size: .9375rem; block-size: .9375rem; }
.pill.not_confirmed { border: 1px dashed var(--edge); background: none; color: var(--soft); }
.pill.alarm { border-color: var(--alarm-line); background: var(--alarm-tint); color: var(--alarm-ink); }
.note { display: flex; gap: .625rem; margin-block-start: .75rem; padding: .5rem .875rem; border: 1px solid var(--note-line); border-radius: 10px; background: var(--note-tint); color: var(--note-ink); font-size: .9375rem; }
.note .icon { margin-block-start: .125rem; }
.notice { display: flex; gap: .75rem; padding: .875rem 1rem; border: 1px solid var(--accent-line); border-radius: 12px; background: var(--accent-tint); color: var(--accent-ink); }
.notice .icon { margin-block-start: .125rem; }

.alarm:is(div) { padding: 1.375rem 1.75rem 1.25rem; border-block-end: 2px solid var(--alarm-line); background: var(--alarm-tint); color: var(--alarm-ink); }
.alarm h1 { display: flex; gap: .75rem; align-items: start; font-size: 1.5rem; }
.alarm h1 .icon { inline-size: 1.75rem; block-size: 1.75rem; margin-block-start: .125rem; }
.alarm ul { margin: .5rem 0 .5rem; padding-inline-start: 2.5rem; list-style: disc; }
.alarm > p:not(.notice) { padding-inline-start: 2.5rem; }
.alarm .notice, .problem { margin-block-end: 1rem; }
.problem { padding: .75rem 1rem; border: 2px solid currentcolor; border-radius: 10px; background: var(--card); }
.problem a { color: inherit; font-weight: 600; }
`;

const OTHER_MEDIA = `
@media (max-width: 40rem) {
  body { padding-inline: 0; background: var(--page); }
  body > :not(.skip), body.wide > :not(.skip) { margin-inline: 0; max-inline-size: none; }
  .top, footer, .demo { padding-inline: 1rem; }
  .stop:first-child .name { font-size: .875rem; }
  .demo { margin: 0; border-width: 0 0 1px; border-radius: 0; }
  main > .card, .card.rows { border-width: 1px 0; border-radius: 0; box-shadow: none; }
  .opening { padding: 1.25rem 1rem 0; }
  .alarm:is(div) { padding: 1.25rem 1rem; }
  .body { padding: 1.125rem 1rem 1.25rem; }
  .actions { flex-direction: column; }
  .facts { grid-template-columns: 1fr; gap: .75rem; }
  .facts a { display: inline; margin-inline-start: .375rem; }
  .tech { padding-inline: 1rem; }
  .tech dl > div { grid-template-columns: 1fr; }
  body.wide > main > :not(.card.rows, section) { margin-inline: 1rem; }
  .group, .everything { margin-inline: 1rem; }
  .row { grid-template-columns: 2.75rem 1fr; padding: 1rem; }
  .row > :is(.row-name, .row-facts, .row-remove, .row-details) { grid-column: 2; }
  .columns { grid-template-columns: 1fr; }
  main > .card.everything { flex-direction: column; align-items: start; border-width: 1px; border-radius: 12px; }
  .row-remove { justify-self: start; margin-block: .375rem; }
  .changes thead { position: absolute; clip-path: inset(50%); inline-size: 1px; block-size: 1px; overflow: hidden; }
  .changes tr, .changes tbody th, .changes tbody td { display: block; }
  .changes tbody th { padding-block-end: 0; }
  .changes tbody td { border: 0; padding-block: .125rem .375rem; }
  .stacked-label { display: block; color: var(--soft); font-size: .8125rem; }
  .connections li, .activity li { flex-direction: column; align-items: start; }
}
@media (max-width: 22rem) {
  .route { padding: .875rem; }
  .stop { padding-inline-start: 0; min-block-size: 0; }
  .stop dt { display: flex; gap: .5rem; align-items: center; margin-block-end: .25rem; }
  .stop:first-child::before { content: none; }
  .stop:first-child .name { font-size: .75rem; line-height: 1.25; }
  .stop .tile { position: static; inline-size: 1.75rem; block-size: 1.75rem; border-radius: 8px; font-size: .875rem; }
  .stop .tile .icon { inline-size: 1rem; block-size: 1rem; }
  h1 { font-size: 1.4375rem; }
  .alarm h1 { font-size: 1.3125rem; }
  .alarm ul, .alarm > p:not(.notice) { padding-inline-start: 1.25rem; }
  .row { grid-template-columns: 1fr; }
  .row > :is(.row-name, .row-facts, .row-remove, .row-details) { grid-column: 1; }
}
@media (forced-colors: active) {
  .card, .route, .pill, .tag, .tile, .notice, .note, .problem, .alarm:is(div), .button { border: 1px solid CanvasText; }
  .button.main, .danger-main, .monogram { forced-color-adjust: none; background: Highlight; color: HighlightText; border-color: Highlight; }
  .pill.not_confirmed, .tile.not_confirmed { border-style: dashed; }
  input[type="checkbox"] { appearance: auto; }
}
@media print {
  body { background: none; color: #000; }
  .actions, .skip, footer, .who form { display: none; }
  .card { border-color: #999; box-shadow: none; }
}
`;

/** Comments and layout are for the reader of this file; the bytes sent have neither. */
const COMPACT = (BASE + CONTROLS + LISTS + OTHER_MEDIA)
  .replace(/\s*\n\s*/g, '')
  .replace(/\s*([{};,])\s*/g, '$1')
  .replace(/: /g, ':')
  .replaceAll(';}', '}');

export interface Stylesheet {
  readonly css: string;
  /** Changes with the content; the address may be cached for ever. */
  readonly path: string;
}

/** The stylesheet in the operator's accent colour. Throws on a colour that is not `#rrggbb`. */
export function stylesheetFor(accent: string): Stylesheet {
  const css = brandStylesheet(accent) + COMPACT;
  return { css, path: `/assets/${contentHash(css)}.css` };
}

/** The accent's tokens alone, light and dark, contrast kept by derivation. Throws on a colour that is not `#rrggbb`. */
export function brandStylesheet(accent: string): string {
  const rules = (mode: 'light' | 'dark') =>
    `:root{${Object.entries(brandTokens(accent, mode))
      .map(([name, value]) => `--${name}:${value}`)
      .join(';')}}`;
  return `${rules('light')}@media (prefers-color-scheme:dark){${rules('dark')}}`;
}

/** FNV-1a, 64 bits: names the content for caches; no defence is built on it. */
export function contentHash(content: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(content)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}
