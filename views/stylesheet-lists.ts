/** Stylesheet, third part: the account page and its neighbours. */
export const LISTS = `
.wide h1 { margin-block-start: 1.25rem; font-size: 1.875rem; }
.wide .lead { max-inline-size: 40rem; }
.wide .notice { margin-block-start: 1.25rem; }
.group { display: flex; flex-wrap: wrap; gap: 0 .625rem; align-items: baseline; margin-block: 1.625rem .625rem; color: var(--soft); font-size: .9375rem; }
.group h2 { color: var(--ink); }
.row { display: grid; grid-template-columns: 2.75rem minmax(0, 5fr) minmax(0, 4fr) auto; gap: .25rem 1rem; align-items: start; padding: 1.125rem 1.25rem; }
.row + .row { border-block-start: 1px solid var(--line); }
.row-name .pill { margin-block: .25rem .375rem; }
.tags { display: flex; flex-wrap: wrap; gap: .375rem; }
.row-facts strong { font-weight: 600; }
.row-facts { font-size: .9375rem; }
.row-details { grid-column: 2 / -1; margin-block-start: .25rem; }
.row-details summary { display: inline-block; min-block-size: 1.5rem; padding-block: .125rem; color: var(--soft); font-weight: 600; }
.row-details summary::before { content: "▸ " / ""; }
.row-details[open] summary::before { content: "▾ " / ""; }
[dir="rtl"] .row-details:not([open]) summary::before { content: "◂ " / ""; }
.row-remove { min-inline-size: 5rem; }
.row-block { display: inline-block; min-block-size: 1.5rem; margin-block-start: .5rem; font-size: .9375rem; }
.report .tick .small { display: block; font-weight: 400; }
.report label { display: block; font-weight: 600; }
.report textarea { display: block; inline-size: 100%; box-sizing: border-box; min-block-size: 7rem; margin-block: .375rem; padding: .625rem .75rem; border: 2px solid var(--edge); border-radius: 10px; background: var(--card); color: var(--ink); font: inherit; }
.row-details h4 { margin-block: .75rem .25rem; }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1.5rem; font-size: .9375rem; }
.plain > li { padding-block: .125rem; }
.pairs > div { display: grid; grid-template-columns: 6rem 1fr; gap: 0 .75rem; padding-block: .125rem; }
.pairs dt { color: var(--soft); }
.row-details .pairs dd { grid-column: 2; }
.connections > li { display: flex; gap: .25rem 1rem; justify-content: space-between; padding-block: .375rem; border-block-start: 1px solid var(--line); font-size: .9375rem; }
.connections a { display: inline-block; min-block-size: 1.5rem; }
.everything { display: flex; gap: 1rem; align-items: center; justify-content: space-between; margin-block-start: 1.75rem; padding: 1.125rem 1.25rem; }
.links { display: flex; flex-wrap: wrap; gap: .375rem 1.25rem; margin-block-start: 1.5rem; font-size: .9375rem; }
.empty { margin-block-start: 1.25rem; padding: 1.5rem; color: var(--soft); }
.names { padding-inline-start: 1.25rem; list-style: disc; }
.activity { margin-block-start: 1.25rem; }
.activity > li { display: flex; gap: .125rem 1.5rem; padding: .75rem 1.25rem; }
.activity > li + li { border-block-start: 1px solid var(--line); }
.activity .small { flex: none; min-inline-size: 12rem; }
`;
