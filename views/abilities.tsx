/**
 * What an app may do, as a list a person can weigh: view, changes, high impact, undescribed.
 *
 * Decides order and folding. High-impact and undescribed abilities are never folded away, and a high-impact choice
 * starts unticked. An ability the server has not described counts as a change.
 */
import type { Child } from 'hono/jsx';
import { Icon, type IconName } from './icons.tsx';
import type { Text } from './messages/catalog.ts';
import type { Ability } from './models.ts';
import { Code } from './parts.tsx';
import { plain, say, sayCount } from './say.tsx';

/** More than this many are folded down to `SHOWN_WHEN_FOLDED`. */
const FOLD_ABOVE = 8;
const SHOWN_WHEN_FOLDED = 6;

type Weight = 0 | 1 | 2 | 3;

/** 0 view, 1 change, 2 high, 3 undescribed. */
function weightOf(ability: Ability): Weight {
  if (ability.standard !== undefined) return 0;
  if (ability.title === undefined) return 3;
  return ability.risk === 'view' ? 0 : ability.risk === 'change' ? 1 : 2;
}

const ICON: Readonly<Record<Weight, IconName>> = { 0: 'eye', 1: 'pencil', 2: 'bolt', 3: 'unknown' };

interface ListProps {
  readonly text: Text;
  readonly abilities: readonly Ability[];
  readonly upstreamName: string;
  /** Whether optional ones are offered as checkboxes here. */
  readonly choices: boolean;
}

export function AbilityList(props: ListProps): Child {
  const { shown, folded } = fold(collapseStandard(props.abilities));
  return (
    <>
      <ul class="abilities">
        {shown.map((ability) => (
          <AbilityItem {...props} ability={ability} />
        ))}
      </ul>
      {folded.length > 0 && (
        <details class="fold">
          <summary>{sayCount(props.text, 'canMore', folded.length)}</summary>
          <ul class="abilities">
            {folded.map((ability) => (
              <AbilityItem {...props} ability={ability} />
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** A short list below the fold of a page that is about something else; weighty ones stay outside. */
export function FoldedAbilities(props: ListProps & { readonly summary: Child }): Child {
  if (props.abilities.length === 0) return null;
  return (
    <details class="fold boxed">
      <summary>{props.summary}</summary>
      <ul class="abilities">
        {collapseStandard(props.abilities)
          .toSorted(byWeight)
          .map((ability) => (
            <AbilityItem {...props} ability={ability} />
          ))}
      </ul>
    </details>
  );
}

/** Whether an ability must stay in view: high impact, undescribed, or one the person decides about. */
export function staysOpen(ability: Ability): boolean {
  return weightOf(ability) >= 2 || ability.optional;
}

function byWeight(one: Ability, other: Ability): number {
  return weightOf(one) - weightOf(other);
}

function fold(abilities: readonly Ability[]): {
  readonly shown: readonly Ability[];
  readonly folded: readonly Ability[];
} {
  const sorted = abilities.toSorted(byWeight);
  if (sorted.length <= FOLD_ABOVE) return { shown: sorted, folded: [] };
  const heaviestFirst = sorted.toReversed();
  const kept = new Set([...heaviestFirst.slice(0, SHOWN_WHEN_FOLDED), ...sorted.filter(staysOpen)]);
  return { shown: heaviestFirst.filter((one) => kept.has(one)), folded: sorted.filter((one) => !kept.has(one)) };
}

/** `openid`, `profile` and `email` read as one line, however many were asked. */
function collapseStandard(abilities: readonly Ability[]): readonly Ability[] {
  return abilities.filter(
    (ability, at) =>
      ability.standard === undefined || abilities.findIndex((one) => one.standard === ability.standard) === at,
  );
}

function AbilityItem(props: ListProps & { readonly ability: Ability }): Child {
  const { ability, text } = props;
  const weight = weightOf(ability);
  const checkbox = props.choices && ability.optional;
  const field = `scope-${ability.scope}`;
  const title = titleOf(ability, text);
  const facts = factsOf(props, checkbox, weight);
  return (
    <li>
      {checkbox ? (
        <input
          type="checkbox"
          name="scope"
          value={ability.scope}
          id={field}
          checked={ability.ticked}
          aria-describedby={`${field}-about`}
        />
      ) : (
        <Icon name={ICON[weight]} />
      )}
      <div>
        <p class="title">
          {checkbox ? <label for={field}>{title}</label> : <span>{title}</span>} {tagOf(weight, text)}
        </p>
        {facts.length > 0 && (
          <p class="small" id={checkbox ? `${field}-about` : undefined}>
            {facts.map((fact, at) => (at === 0 ? fact : <> {fact}</>))}
          </p>
        )}
      </div>
    </li>
  );
}

function titleOf(ability: Ability, text: Text): Child {
  if (ability.standard === 'identity') return say(text, 'abilityIdentity');
  if (ability.standard === 'offline') return say(text, 'abilityOffline');
  return ability.title === undefined ? <Code>{ability.scope}</Code> : <bdi>{ability.title}</bdi>;
}

/** The title in plain text, for rows that only name abilities. */
export function abilityText(ability: Ability, text: Text): string {
  if (ability.standard === 'identity') return plain(text, 'abilityIdentity');
  if (ability.standard === 'offline') return plain(text, 'abilityOffline');
  return ability.title ?? ability.scope;
}

function factsOf(
  props: ListProps & { readonly ability: Ability },
  checkbox: boolean,
  weight: Weight,
): readonly Child[] {
  const { ability, text } = props;
  const choice = ability.ticked ? say(text, 'untickToLeaveOut') : say(text, 'onlyIfTicked');
  const codes = ability.upstreamScopes.map((scope, at) => (
    <>
      {at > 0 && ' '}
      <Code>{scope}</Code>
    </>
  ));
  return [
    checkbox ? choice : undefined,
    weight === 3 ? say(text, 'undescribed') : describedAs(ability),
    codes.length > 0 ? (
      <span class="codes">{say(text, 'onUpstream', { upstream: props.upstreamName, codes })}</span>
    ) : undefined,
  ].filter((fact) => fact !== undefined);
}

function describedAs({ description }: Ability): Child {
  return description === undefined ? undefined : <bdi>{description}</bdi>;
}

function tagOf(weight: Weight, text: Text): Child {
  if (weight === 0) return undefined;
  if (weight === 2) return <span class="tag high">{say(text, 'tagHigh')}</span>;
  return <span class="tag">{say(text, 'tagChange')}</span>;
}
