/**
 * The console's pages: lists, one thing with its facts, the overview.
 *
 * A list's filters are a GET form, so that what is looked at has an address; nothing here changes anything.
 */
import type { Child } from 'hono/jsx';
import type { ConsoleFrame, ExplainModel, Fact, FactsModel, Filter, ListModel, Table } from './models.ts';
import { Actions, ConsolePage, cell, DataTable, Facts, Links } from './parts.tsx';
import { words } from './words.ts';

export function ListPage({ frame, title, action, filters, table, asks, links }: ListModel): Child {
  return (
    <ConsolePage frame={frame} title={title}>
      {filters.length > 0 && (
        <form class="card filters" method="get" action={action}>
          {filters.map((filter) => (
            <FilterField filter={filter} />
          ))}
          <button class="button small" type="submit">
            {words.filter}
          </button>
          <a href={action}>{words.clear}</a>
        </form>
      )}
      <DataTable table={table} empty={filters.some(({ value }) => value !== '') ? words.none : words.empty} />
      {asks.map(({ name, label, action: to, button }) => (
        <form class="card filters" method="get" action={to}>
          <FilterField filter={{ name, label, value: '' }} />
          <button class="button small" type="submit">
            {button}
          </button>
        </form>
      ))}
      <Links links={links} />
    </ConsolePage>
  );
}

/** Two questions about flows; asking changes nothing, so both are GET forms. */
export function ExplainPage({ frame, action, questions }: ExplainModel): Child {
  return (
    <ConsolePage frame={frame} title={words.explain}>
      {questions.map(({ title, button, fields, answer, problem, table }) => (
        <section>
          <h2>{title}</h2>
          <form class="card filters long" method="get" action={action}>
            {fields.map((filter) => (
              <FilterField filter={filter} />
            ))}
            <button class="button small" type="submit">
              {button}
            </button>
          </form>
          {problem !== undefined && (
            <p class="problem" role="alert">
              {problem}
            </p>
          )}
          {answer !== undefined && <Facts facts={answer} />}
          {table !== undefined && <DataTable table={table} />}
        </section>
      ))}
    </ConsolePage>
  );
}

function FilterField({ filter: { name, label, value, options, required } }: { readonly filter: Filter }): Child {
  return (
    <div>
      <label for={`filter-${name}`}>{label}</label>
      {options === undefined ? (
        <input
          type="text"
          id={`filter-${name}`}
          name={name}
          value={value}
          maxlength={300}
          autocomplete="off"
          spellcheck={false}
        />
      ) : (
        <select id={`filter-${name}`} name={name}>
          {required !== true && (
            <option value="" selected={value === ''}>
              {words.any}
            </option>
          )}
          {options.map((option) => (
            <option value={option} selected={option === value}>
              {option}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

export function FactsPage({ frame, title, facts, actions, links, table }: FactsModel): Child {
  return (
    <ConsolePage frame={frame} title={title}>
      <Facts facts={facts} />
      <Actions actions={actions} />
      {table !== undefined && <DataTable table={table} />}
      <Links links={links} />
    </ConsolePage>
  );
}

export interface OverviewModel {
  readonly frame: ConsoleFrame;
  readonly numbers: readonly Fact[];
  readonly latest: Table;
  readonly auditUrl: string;
}

export function OverviewPage({ frame, numbers, latest, auditUrl }: OverviewModel): Child {
  return (
    <ConsolePage frame={frame} title={words.overview}>
      <dl class="numbers">
        {numbers.map(({ label, value }) => (
          <div class="card">
            <dt>{label}</dt>
            <dd>{cell(value)}</dd>
          </div>
        ))}
      </dl>
      <h2>{words.latest}</h2>
      <DataTable table={latest} />
      <Links links={[{ label: words.seeAudit, url: auditUrl }]} />
    </ConsolePage>
  );
}
