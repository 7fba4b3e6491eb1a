/** The console's own stylesheet, loaded after the one of every page: navigation, filters, tables that become cards. */
import { contentHash, type Stylesheet } from '../stylesheet.ts';

const RULES = `
body.console > :not(.skip) { max-inline-size: 78rem; }
.sections ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding-block-end: .75rem; border-block-end: 1px solid var(--line); }
.sections a { display: inline-block; padding-block: .25rem; }
.sections [aria-current] { color: var(--ink); font-weight: 650; text-decoration: none; }
.console h2 { margin-block: 1.5rem .5rem; }
.filters { display: flex; flex-wrap: wrap; gap: .75rem 1rem; align-items: end; margin-block-start: 1rem; padding: 1rem 1.25rem; }
.filters label, .ask label { display: block; font-size: .9375rem; font-weight: 600; }
.filters :is(input, select), .ask :is(input, textarea) { display: block; min-block-size: 2.5rem; inline-size: 13rem; max-inline-size: 100%; margin-block-start: .25rem; padding: .375rem .625rem; border: 2px solid var(--edge); border-radius: 10px; background: var(--card); color: var(--ink); font: inherit; }
.filters.long :is(input, select) { inline-size: 26rem; }
.filters a { padding-block: .5rem; }
.ask { display: grid; gap: 1rem; margin-block-start: 1rem; }
.ask :is(input, textarea) { inline-size: 100%; }
.table { margin-block-start: 1rem; }
.table table { inline-size: 100%; border-collapse: collapse; font-size: .9375rem; }
.table caption { padding: .875rem 1.25rem .5rem; color: var(--soft); text-align: start; }
.table :is(th, td) { padding: .5rem .75rem; border-block-start: 1px solid var(--line); text-align: start; vertical-align: top; }
.table :is(th, td):first-child { padding-inline-start: 1.25rem; }
.table :is(th, td):last-child { padding-inline-end: 1.25rem; }
.table thead th { color: var(--soft); font-size: .875rem; font-weight: 600; }
.table tbody th { font-weight: 600; }
.table td > a, .table th > a { display: inline-block; min-block-size: 1.5rem; }
.table .code { min-inline-size: 11ch; font-size: .8125rem; font-weight: 400; }
.table summary { min-block-size: 1.5rem; color: var(--soft); }
.table pre, .pairs pre { margin: .25rem 0 0; font-family: var(--mono); font-size: .8125rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem; margin-block-start: 1rem; }
.numbers > div { display: flex; flex-direction: column-reverse; padding: .875rem 1.25rem; }
.numbers dt { color: var(--soft); font-size: .9375rem; }
.numbers dd { font-size: 1.625rem; font-weight: 650; line-height: 1.2; }
.console .facts-card { margin-block-start: 1rem; padding: 1rem 1.25rem; }
.facts-card .pairs > div { grid-template-columns: 12rem 1fr; padding-block: .3125rem; }
.console .button.small { flex: none; }
.console .actions { flex-wrap: wrap; justify-content: start; }
.console > main > .actions > .button, .ask .actions > .button { flex: 0 1 auto; min-inline-size: 11rem; }
.ask { max-inline-size: 40rem; }
.table .tag, .table thead th { white-space: nowrap; overflow-wrap: normal; }
.console section > .small { margin-block-start: .5rem; }
.state-blocked, .state-revoked, .state-disabled { border-color: var(--alarm-line); background: var(--alarm-tint); color: var(--alarm-ink); }
@media (max-width: 60rem) {
  .table thead { position: absolute; clip-path: inset(50%); inline-size: 1px; block-size: 1px; overflow: hidden; }
  .table :is(tr, th, td) { display: block; }
  .table tbody tr { padding: .75rem 1.25rem; border-block-start: 1px solid var(--line); }
  .table tbody :is(th, td) { padding: .125rem 0; border: 0; }
  .table :is(th, td):first-child { padding-inline-start: 0; }
  .table tbody :is(th, td)::before { content: attr(data-label) " "; color: var(--soft); font-size: .8125rem; font-weight: 400; display: block; }
}
@media (max-width: 40rem) {
  body.wide.console > main > .card { margin-inline: 0; border-width: 1px 0; border-radius: 0; box-shadow: none; }
  .filters { align-items: stretch; flex-direction: column; }
  .filters :is(input, select), .filters.long :is(input, select) { inline-size: 100%; }
  .facts-card .pairs > div { grid-template-columns: 1fr; }
  .numbers { grid-template-columns: 1fr 1fr; }
}
@media (forced-colors: active) { .filters :is(input, select), .ask :is(input, textarea) { border-color: CanvasText; } }
`;

/** The same for every accent, because colours come from the other stylesheet. */
export function consoleStylesheet(): Stylesheet {
  const css = RULES.replace(/\s*\n\s*/g, '');
  return { css, path: `/assets/${contentHash(css)}.css` };
}
