/**
 * Every error page: what happened, why, what to do, one or two links, a reference for support.
 *
 * Links only. Requested addresses are text under Technical details. Must never show a stack, an upstream's error
 * body, or "nothing was shared" without the caller knowing it.
 */
import type { Child } from 'hono/jsx';
import { errorWording } from './error-wording.tsx';
import { dateTimeText, moment } from './format.tsx';
import { Page } from './layout.tsx';
import type { Text } from './messages/catalog.ts';
import type { DifferentAccountModel, ErrorModel, Frame } from './models.ts';
import { ActionLinks, Code, code, TechnicalList } from './parts.tsx';
import { number, plain, say } from './say.tsx';

export function ErrorPage(model: ErrorModel, text: Text): Child {
  const { frame, technical } = model;
  const wording = errorWording(model, text);
  return (
    <Page frame={frame} text={text} title={plain(text, 'errorTitle', { title: wording.title })}>
      <div class="card">
        <div class="opening">
          <h1>{wording.title}</h1>
          {wording.body.map((sentences) => (
            <p class="lead">{sentences}</p>
          ))}
          {model.nothingShared && <p class="lead">{say(text, 'nothingShared')}</p>}
        </div>
        <div class="body">
          <ActionLinks actions={wording.actions} />
          <Reference frame={frame} text={text} reference={model.reference} at={model.at} />
        </div>
        <TechnicalList
          text={text}
          rows={[
            { label: say(text, 'techCode'), value: code(model.code) },
            { label: say(text, 'techOauthError'), value: code(technical.oauthError) },
            { label: say(text, 'techDescription'), value: technical.description },
            { label: say(text, 'techAsked'), value: code(technical.asked) },
            { label: say(text, 'techRegisteredUris'), value: registeredUris(model, text) },
          ]}
        />
      </div>
    </Page>
  );
}

function registeredUris({ technical }: ErrorModel, text: Text): Child {
  const { registered, differsAt } = technical;
  if (registered === undefined || registered.length === 0) return undefined;
  return (
    <>
      <ul class="plain">
        {registered.map((uri) => (
          <li>
            <Code>{uri}</Code>
          </li>
        ))}
      </ul>
      {differsAt !== undefined && <p>{say(text, 'techDiffersAt', { position: number(text, differsAt) })}</p>}
    </>
  );
}

interface ReferenceProps {
  readonly frame: Frame;
  readonly text: Text;
  readonly reference: string;
  readonly at: number;
}

function Reference({ frame, text, reference, at }: ReferenceProps): Child {
  return (
    <p class="after">
      {say(text, 'reference', { reference: <Code>{reference}</Code>, date: moment(at, dateTimeText(text, frame, at)) })}
    </p>
  );
}

/** The upstream signed in somebody else than the page had named; the person chooses, nothing has been stored. */
export function DifferentAccountPage(model: DifferentAccountModel, text: Text): Child {
  const title = plain(text, 'switchedTitle');
  const returned = <bdi>{model.returnedName}</bdi>;
  return (
    <Page frame={model.frame} text={text} title={title}>
      <div class="card">
        <div class="opening">
          <h1>{title}</h1>
          <p class="lead">
            {say(text, 'switchedBody', {
              expected: (
                <strong>
                  <bdi>{model.expectedName}</bdi>
                </strong>
              ),
              upstream: model.upstreamName,
              returned: <strong>{returned}</strong>,
            })}
          </p>
        </div>
        <div class="body">
          <ActionLinks
            actions={[
              { url: model.startAgainUrl, label: say(text, 'switchedStart') },
              { url: model.useReturnedUrl, label: say(text, 'switchedUse', { account: returned }) },
            ]}
          />
          <Reference frame={model.frame} text={text} reference={model.reference} at={model.at} />
        </div>
      </div>
    </Page>
  );
}
