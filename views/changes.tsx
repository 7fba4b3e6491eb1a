/**
 * What is different about an app since it was allowed: before and now, side by side (requirements E2).
 *
 * Decides nothing. The table stacks on narrow screens; changed cells say so in text.
 */
import type { Child } from 'hono/jsx';
import { dayText } from './format.tsx';
import type { Text } from './messages/catalog.ts';
import type { ConsentModel, FaceChange } from './models.ts';
import { Code } from './parts.tsx';
import { say } from './say.tsx';

const LABEL = {
  destination: 'labelGoesTo',
  name: 'labelCallsItself',
  publisher: 'changedPublisher',
  sign_in_method: 'changedSignIn',
  document: 'changedDocument',
} as const satisfies Readonly<Record<FaceChange['what'], string>>;

const SIGN_IN: Readonly<Record<string, 'changedSignInNone' | 'changedSignInKey'>> = {
  none: 'changedSignInNone',
  private_key_jwt: 'changedSignInKey',
};

export function ChangeTable({ model, text }: { readonly model: ConsentModel; readonly text: Text }): Child {
  const { changes, allowedAt, frame } = model;
  if (changes.length === 0) return null;
  const before =
    allowedAt === undefined
      ? say(text, 'changedBefore')
      : say(text, 'changedBeforeOn', { date: dayText(text, frame, allowedAt, 'short') });
  return (
    <table class="changes">
      <caption>{say(text, 'changedCaption')}</caption>
      <thead>
        <tr>
          <td />
          <th scope="col">{before}</th>
          <th scope="col">{say(text, 'changedNow')}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr>
            <th scope="row">{say(text, LABEL[change.what])}</th>
            <td>
              <span class="stacked-label">{before}</span>
              {faceText(change, change.before, text)}
            </td>
            <td>
              <span class="stacked-label">{say(text, 'changedNow')}</span>
              {faceText(change, change.now, text)} <span class="tag">{say(text, 'changedTag')}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** `before` and `now` of a destination are the comparable words of domain/destination. */
function faceText(change: FaceChange, word: string, text: Text): Child {
  if (change.what === 'name')
    return word === '' ? say(text, 'noName') : say(text, 'quoted', { name: <bdi>{word}</bdi> });
  if (change.what === 'sign_in_method') return say(text, SIGN_IN[word] ?? 'changedSignInSecret');
  if (change.what === 'document') return say(text, word === 'then' ? 'changedDocumentThen' : 'changedDocumentNow');
  if (change.what === 'publisher') return <Code>{word}</Code>;
  if (word === 'loopback') return say(text, 'goesComputer');
  if (word.startsWith('scheme:'))
    return say(text, 'goesScheme', { scheme: <Code>{`${word.slice('scheme:'.length)}:`}</Code> });
  return <Code>{word.replace('https://', '')}</Code>;
}
