/**
 * The red part of a consent page: why this may not be the app it says it is, and the tick that allows it anyway.
 *
 * Decides wording by signal. It precedes everything else in `<main>`; `role=alert` only when the page comes again.
 */
import type { Child } from 'hono/jsx';
import type { AlarmSignal } from '../src/domain/identity.ts';
import { agoText, moment } from './format.tsx';
import { Icon } from './icons.tsx';
import type { Text } from './messages/catalog.ts';
import type { ConsentModel } from './models.ts';
import { Code, quotedName } from './parts.tsx';
import { say } from './say.tsx';

interface Props {
  readonly model: ConsentModel;
  readonly text: Text;
}

export function AlarmBlock({ model, text, heading }: Props & { readonly heading: Child }): Child {
  const { registeredAt, frame } = model;
  const ago = registeredAt === undefined ? undefined : moment(registeredAt, agoText(text, frame, registeredAt));
  return (
    <div class="alarm">
      {model.problem === 'understood_missing' && <ProblemSummary text={text} />}
      {model.problem === 'form_stale' && (
        <p class="notice" role="alert">
          {say(text, 'problemStale')}
        </p>
      )}
      <h1>
        <Icon name="warning" />
        <span>{heading}</span>
      </h1>
      <ul>
        {model.identity.alarms.map((signal) => (
          <li>{reason(signal, model, text)}</li>
        ))}
        {ago !== undefined && (
          <li>{model.usedHere === false ? say(text, 'alarmNew', { ago }) : say(text, 'alarmRegistered', { ago })}</li>
        )}
      </ul>
      <p>
        <strong>{say(text, 'alarmAdvice', { deny: say(text, 'deny') })}</strong>
      </p>
      {model.alarmBlocks && <p>{say(text, 'alarmBlocked', { brand: frame.brand.name })}</p>}
    </div>
  );
}

function reason(signal: AlarmSignal, { identity }: ConsentModel, text: Text): Child {
  switch (signal.kind) {
    case 'looks_like': {
      const values = { name: quotedName(text, identity.name), other: <bdi>{signal.name}</bdi> };
      return signal.sites.length > 0 && identity.destination.kind === 'site'
        ? say(text, 'alarmLooksSite', values)
        : say(text, 'alarmLooksPlace', values);
    }
    case 'hidden_characters':
      return say(text, 'alarmHidden');
    case 'mixed_scripts':
      return say(text, 'alarmScripts');
    case 'contains_url':
      return say(text, 'alarmUrl');
  }
}

function ProblemSummary({ text }: { readonly text: Text }): Child {
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{say(text, 'problemTitle')}</strong>
      </p>
      <p>
        <a href="#understood">{say(text, 'problemUnderstood', { deny: say(text, 'deny') })}</a>
      </p>
    </div>
  );
}

/** The tick without which an alarmed request cannot be allowed; the server checks it too. */
export function Understood({ model, text }: Props): Child {
  const { destination } = model.identity;
  const missing = model.problem === 'understood_missing';
  return (
    <div class={missing ? 'tick wrong' : 'tick'}>
      {missing && (
        <p class="wrong" id="understood-problem">
          {say(text, 'problemUnderstood', { deny: say(text, 'deny') })}
        </p>
      )}
      <input
        type="checkbox"
        name="understood"
        value="yes"
        id="understood"
        required
        aria-invalid={missing ? 'true' : undefined}
        aria-describedby={missing ? 'understood-problem' : undefined}
      />
      <label for="understood">
        {destination.kind === 'site'
          ? say(text, 'understoodSite', { host: <Code>{destination.host}</Code> })
          : say(text, 'understoodOther')}
      </label>
    </div>
  );
}
