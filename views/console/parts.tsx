/**
 * The frame and pieces of the console's pages. Decides how a value looks, never what is true.
 *
 * Words of others stand in quotes inside `<bdi>`; machine words are left to right and whole; nothing of others is a link.
 */
import type { Child } from 'hono/jsx';
import { Page } from '../layout.tsx';
import { textFor } from '../messages/catalog.ts';
import { ActionLinks, Code } from '../parts.tsx';
import type { Cell, ConsoleFrame, Fact, LinkTo, Table } from './models.ts';
import { words } from './words.ts';

export const TEXT = textFor('en');

export function ConsolePage(props: {
  readonly frame: ConsoleFrame;
  readonly title: string;
  readonly children?: Child;
}): Child {
  const { sections } = props.frame;
  return (
    <Page frame={props.frame} text={TEXT} title={props.title} width="wide console">
      {sections.length > 0 && (
        <nav class="sections" aria-label={words.navigation}>
          <ul>
            {sections.map(({ name, url, current }) => (
              <li>
                <a href={url} aria-current={current ? 'page' : undefined}>
                  {words[name]}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      <h1>{props.title}</h1>
      {props.children}
    </Page>
  );
}

export function cell(value: Cell): Child {
  switch (value.kind) {
    case 'time':
      return value.at === null ? words.never : timeOf(value.at);
    case 'codes':
      return value.texts.length === 0 ? (
        words.nothing
      ) : (
        <ul class="plain">
          {value.texts.map((text) => (
            <li>
              <Code>{text}</Code>
            </li>
          ))}
        </ul>
      );
    case 'json':
      return <pre dir="ltr">{JSON.stringify(value.value, null, 1)}</pre>;
    default:
      return value.url === undefined ? (
        inner(value.kind, value.text)
      ) : (
        <a href={value.url}>{inner(value.kind, value.text)}</a>
      );
  }
}

function inner(kind: 'text' | 'name' | 'code' | 'state', text: string): Child {
  if (kind === 'code') return <Code>{text}</Code>;
  if (kind === 'state') return <span class={`tag state-${text}`}>{text}</span>;
  if (kind === 'text') return <bdi>{text}</bdi>;
  return text === '' ? (
    words.noName
  ) : (
    <>
      “<bdi>{text}</bdi>”
    </>
  );
}

/** `2026-11-28 14:05`, UTC. */
const timeOf = (at: string): Child => <time datetime={at}>{`${at.slice(0, 10)} ${at.slice(11, 16)} UTC`}</time>;

/** `empty` is what an empty one says in its place. */
export function DataTable({ table, empty = words.empty }: { readonly table: Table; readonly empty?: string }): Child {
  if (table.rows.length === 0) return <p class="card empty">{empty}</p>;
  return (
    <div class="card table">
      <table>
        <caption>{table.caption}</caption>
        <thead>
          <tr>
            {table.columns.map((label) => (
              <th scope="col">{label}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <tr>
              {row.map((value, at) =>
                at === 0 ? (
                  <th scope="row" data-label={table.columns[at]}>
                    {cell(value)}
                  </th>
                ) : (
                  <td data-label={table.columns[at]}>{folded(value)}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Details of a row open on demand. */
function folded(value: Cell): Child {
  if (value.kind !== 'json') return cell(value);
  if (Object.keys(value.value).length === 0) return words.nothing;
  return (
    <details>
      <summary>{words.details}</summary>
      {cell(value)}
    </details>
  );
}

export function Facts({ facts }: { readonly facts: readonly Fact[] }): Child {
  return (
    <div class="card facts-card">
      <dl class="pairs">
        {facts.map(({ label, value }) => (
          <div>
            <dt>{label}</dt>
            <dd>{cell(value)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

export function Links({ links }: { readonly links: readonly LinkTo[] }): Child {
  if (links.length === 0) return null;
  return (
    <p class="links">
      {links.map(({ label, url }) => (
        <a href={url}>{label}</a>
      ))}
    </p>
  );
}

export const Actions = ({ actions }: { readonly actions: readonly LinkTo[] }): Child => (
  <ActionLinks actions={actions.map(({ url, label }) => ({ url, label }))} />
);
