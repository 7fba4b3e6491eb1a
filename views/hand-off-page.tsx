/**
 * The page between a decision and where it leads: on to the upstream, back to the app, or the end after a refusal.
 *
 * Links only, no form; the `Refresh` header beside it is the caller's. Says "allowed", never "connected": only the
 * app knows that. The link is the one place where a client's checked redirect becomes a link.
 */
import type { Child } from 'hono/jsx';
import { Page } from './layout.tsx';
import type { Text } from './messages/catalog.ts';
import type { HandOffModel } from './models.ts';
import { ActionLinks, Code, shownName } from './parts.tsx';
import { plain, say } from './say.tsx';

type BackModel = Exclude<HandOffModel, { kind: 'to_upstream' }>;

export function HandOffPage(model: HandOffModel, text: Text): Child {
  const title = titleOf(model, text);
  return (
    <Page frame={model.frame} text={text} title={title}>
      <div class="card">
        <div class="opening">
          <h1>{title}</h1>
          <p class="lead">{model.kind === 'to_upstream' ? say(text, 'handUpstreamBody') : leadOf(model, text)}</p>
        </div>
        <div class="body">
          <ActionLinks actions={actionsOf(model, text)} />
          {model.kind === 'allowed' && <p class="after">{afterOf(model, text)}</p>}
        </div>
      </div>
    </Page>
  );
}

function titleOf(model: HandOffModel, text: Text): string {
  if (model.kind === 'to_upstream') return plain(text, 'handUpstreamTitle', { upstream: model.upstreamName });
  return plain(text, model.kind === 'allowed' ? 'handAllowedTitle' : 'handDeniedTitle');
}

function leadOf(model: BackModel, text: Text): Child {
  if (model.kind === 'denied') return say(text, 'handDeniedBody');
  if (model.kind === 'denied_after_alarm') return say(text, 'handUntold');
  const name = shownName(text, model);
  if (model.tier === 'reviewed') return say(text, 'handAllowedKnown', { name });
  return model.name.name === '' ? say(text, 'handAllowedNoName') : say(text, 'handAllowedQuoted', { name });
}

function actionsOf(model: HandOffModel, text: Text) {
  if (model.kind === 'to_upstream') {
    return [{ url: model.url, label: say(text, 'handUpstreamGo', { upstream: model.upstreamName }), main: true }];
  }
  const apps = { url: model.frame.accountUrl, label: say(text, 'seeApps') };
  if (model.kind === 'allowed') return [{ url: model.url, label: say(text, 'handOpenApp'), main: true }, apps];
  if (model.kind === 'denied') return [{ url: model.url, label: say(text, 'handDeniedGo'), main: true }, apps];
  return [
    { ...apps, main: true },
    { url: model.url, label: say(text, 'handTell') },
  ];
}

function afterOf(model: BackModel, text: Text): Child {
  const { destination } = model;
  if (destination.kind === 'scheme')
    return say(text, 'handScheme', { scheme: <Code>{`${destination.scheme}:`}</Code> });
  return say(text, destination.kind === 'loopback' ? 'handLoopback' : 'handClose');
}
