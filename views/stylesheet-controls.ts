/** Stylesheet, second part: abilities, facts, buttons, changes, technical details. */
export const CONTROLS = `
.body h2 { margin-block: 1.25rem .25rem; }
.abilities > li { display: grid; grid-template-columns: 1.5rem 1fr; gap: 0 .875rem; padding-block: .5rem; }
.abilities > li + li { border-block-start: 1px solid var(--line); }
.abilities > li > .icon { justify-self: center; margin-block-start: .125rem; color: var(--soft); }
.title { display: flex; flex-wrap: wrap; gap: .125rem .625rem; align-items: center; font-weight: 600; line-height: 1.4; }
.abilities .small { line-height: 1.4; }
.tag { display: inline-block; padding: 0 .4375rem; border: 1px solid var(--line); border-radius: 6px; background: var(--sunken); color: var(--soft); font-size: .8125rem; font-weight: 600; line-height: 1.5; }
.tag.high { border-color: var(--alarm-line); background: var(--alarm-tint); color: var(--alarm-ink); }
input[type="checkbox"] { appearance: none; display: grid; place-content: center; inline-size: 1.5rem; block-size: 1.5rem; margin: 0; border: 2px solid var(--edge); border-radius: 6px; background: var(--card); cursor: pointer; }
input[type="checkbox"]:checked { border-color: var(--accent); background: var(--accent); }
input[type="checkbox"]:checked::before { content: ""; inline-size: .875rem; block-size: .875rem; background: var(--on-accent); clip-path: polygon(14% 44%, 0 58%, 40% 96%, 100% 18%, 85% 6%, 38% 68%); }
.fold summary { cursor: pointer; font-weight: 600; padding-block: .5rem; }
.fold.boxed { margin-block-start: 1rem; padding: .125rem 1rem; border: 1px solid var(--line); border-radius: 12px; }
summary { cursor: pointer; }
.facts { display: grid; grid-template-columns: auto auto minmax(0, 10rem); justify-content: space-between; gap: .5rem 1.25rem; margin-block-start: .75rem; padding-block-start: .875rem; border-block-start: 1px solid var(--line); font-size: .9375rem; }
.facts dt { color: var(--soft); font-size: .875rem; }
.fold.boxed + .facts { border: 0; }
.facts dd { max-inline-size: 18rem; }
.facts a { display: block; inline-size: max-content; min-block-size: 1.5rem; }
.facts .code { display: inline; font-size: .875rem; }

.actions { display: flex; gap: .75rem; margin-block: 1.125rem .75rem; }
.card > .body > .actions:first-child { margin-block-start: .25rem; }
.button { display: grid; place-items: center; flex: 1 1 0; min-block-size: 3rem; padding: .5rem 1rem; border: 2px solid var(--edge); border-radius: 12px; background: var(--card); color: var(--ink); font: inherit; font-weight: 650; line-height: 1.3; text-align: center; text-decoration: none; overflow-wrap: anywhere; cursor: pointer; }
.button:hover { border-color: var(--accent-ink); background: var(--sunken); }
.button.main { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
.button.main:hover { border-color: var(--accent-hover); background: var(--accent-hover); }
.button.small { flex: none; min-block-size: 2.5rem; padding: .25rem .875rem; border-width: 1px; border-radius: 10px; font-size: .9375rem; }
.button.danger { color: var(--alarm-ink); }
.button.danger:hover { border-color: var(--alarm-line); background: var(--alarm-tint); }
.button.danger-main { border-color: var(--alarm-line); background: var(--alarm-tint); color: var(--alarm-ink); }
.button:focus-visible { border-radius: 12px; }
.settle { animation: settle .5s; }
@keyframes settle { 0%, 99.9% { pointer-events: none; } }
.as-link { min-block-size: 1.5rem; padding: 0; border: 0; background: none; color: var(--accent-ink); font: inherit; text-decoration: underline 1px; text-underline-offset: .18em; cursor: pointer; }
.after { color: var(--soft); font-size: .9375rem; }
.after > p + p { margin-block-start: .25rem; }

.tick { display: grid; grid-template-columns: 1.5rem 1fr; gap: .25rem .875rem; margin-block-start: 1rem; font-weight: 600; }
.tick > p { grid-column: 1 / -1; }
.tick .small { font-weight: 400; }
.tick.wrong { padding-inline-start: .875rem; border-inline-start: 4px solid var(--alarm-line); }
p.wrong { color: var(--alarm-ink); }

.changes { inline-size: 100%; margin-block-start: 1rem; border-collapse: collapse; font-size: .9375rem; }
.changes caption { padding-block-end: .25rem; font-size: 1.0625rem; font-weight: 650; text-align: start; }
.changes th, .changes td { padding: .5rem .75rem .5rem 0; border-block-end: 1px solid var(--line); text-align: start; vertical-align: top; }
.changes :is(thead th, tbody th) { color: var(--soft); font-weight: 400; }
.changes .tag { margin-inline-start: .25rem; }
.stacked-label { display: none; }

.tech { padding: .75rem 1.75rem; border-block-start: 1px solid var(--line); font-size: .9375rem; }
.tech summary { min-block-size: 1.5rem; padding-block: .125rem; font-weight: 600; color: var(--soft); }
.tech dl { margin-block: .625rem .25rem; }
.tech dl > div { display: grid; grid-template-columns: 10rem 1fr; gap: 0 1rem; padding-block: .25rem; }
.tech dt { color: var(--soft); }
.tech .code { font-size: .875rem; font-weight: 400; }
`;
