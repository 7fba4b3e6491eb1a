/**
 * The small pieces pages share: hosts, quoted names, pills, tiles, button rows, technical details.
 *
 * Decides how a piece looks, never what is true. Hosts are always left to right and never cut; self-chosen names
 * always stand in quotes inside `<bdi>`.
 */
import type { Child } from 'hono/jsx';
import type { CleanedName } from '../src/domain/display-name.ts';
import type { Tier } from '../src/domain/identity.ts';
import { Icon, type IconName } from './icons.tsx';
import type { Text } from './messages/catalog.ts';
import { plain, say } from './say.tsx';

/** A host, scheme, id or other machine word. */
export function Code(props: { readonly children?: Child; readonly big?: boolean }): Child {
  return (
    <bdi dir="ltr" class={props.big ? 'code big' : 'code'}>
      {props.children}
    </bdi>
  );
}

/** `“Quill”`, or `no name`. */
export function quotedName(text: Text, name: CleanedName): Child {
  if (name.name === '') return say(text, 'noName');
  return say(text, 'quoted', { name: <bdi>{name.name}</bdi> });
}

/** The name to label a row with: the catalogue's own words, else the app's in quotes. */
export function shownName(
  text: Text,
  app: { readonly tier?: Tier; readonly name: CleanedName; readonly catalogName: string | undefined },
): Child {
  if (app.tier === 'reviewed' && app.catalogName !== undefined) return <bdi>{app.catalogName}</bdi>;
  return app.name.name === '' ? say(text, 'unnamed') : quotedName(text, app.name);
}

/** The same as plain text, for accessible names. */
export function shownNameText(
  text: Text,
  app: { readonly tier?: Tier; readonly name: CleanedName; readonly catalogName: string | undefined },
): string {
  if (app.tier === 'reviewed' && app.catalogName !== undefined) return app.catalogName;
  return app.name.name === '' ? plain(text, 'unnamed') : plain(text, 'quoted', { name: app.name.name });
}

const PILL_ICON: Readonly<Record<Tier, IconName>> = {
  reviewed: 'shield',
  site_confirmed: 'shield',
  not_confirmed: 'question',
  alarm: 'warning',
};

export function Pill(props: { readonly tier: Tier; readonly children?: Child }): Child {
  return (
    <span class={`pill ${props.tier}`}>
      <Icon name={PILL_ICON[props.tier]} />
      <span>{props.children}</span>
    </span>
  );
}

/** The letter of an app, or a neutral icon where its name has none. */
export function Tile(props: {
  readonly tier: Tier;
  readonly letter?: string | undefined;
  readonly icon?: IconName;
}): Child {
  return (
    <span class={`tile ${props.tier}`} aria-hidden="true">
      {props.letter ?? <Icon name={props.icon ?? 'question'} />}
    </span>
  );
}

export interface Action {
  readonly url: string | undefined;
  readonly label: Child;
  readonly main?: boolean;
}

/** Links drawn as buttons, for pages that only lead on. Those without a URL are left out. */
export function ActionLinks(props: { readonly actions: readonly Action[] }): Child {
  const present = props.actions.filter((action) => action.url !== undefined);
  if (present.length === 0) return null;
  return (
    <p class="actions">
      {present.map((action) => (
        <a class={action.main ? 'button main' : 'button'} href={action.url}>
          {action.label}
        </a>
      ))}
    </p>
  );
}

export interface TechnicalRow {
  readonly label: Child;
  /** Left out when undefined. */
  readonly value: Child;
}

export function TechnicalList(props: { readonly text: Text; readonly rows: readonly TechnicalRow[] }): Child {
  const rows = props.rows.filter((row) => row.value !== undefined && row.value !== '');
  if (rows.length === 0) return null;
  return (
    <details class="tech">
      <summary>{say(props.text, 'tech')}</summary>
      <dl>
        {rows.map((row) => (
          <div>
            <dt>{row.label}</dt>
            <dd>{row.value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** Several machine words, one per line. */
export function codes(values: readonly string[]): Child {
  if (values.length === 0) return undefined;
  return (
    <ul class="plain">
      {values.map((value) => (
        <li>
          <Code>{value}</Code>
        </li>
      ))}
    </ul>
  );
}

export function code(value: string | undefined): Child {
  return value === undefined ? undefined : <Code>{value}</Code>;
}
