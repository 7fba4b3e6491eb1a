/**
 * The quick way to a yes at `GET /verify/{resource}`, ahead of everything that other answers need.
 *
 * Yes is counted and not logged: the proxy logs its own requests. All else, every no and whatever has to ask an upstream
 * included, goes on to the endpoint, which judges from the beginning. Must never answer anything but a yes that the
 * endpoint would give.
 */
import type { ServerResponse } from 'node:http';
import type { ResourceConfig } from '../config/config.ts';
import type { AppDeps, PreparedVerification } from '../ports.ts';
import { type QuickAnswer, sendPrepared } from '../security/quick-answer.ts';
import { type AccessVerdict, accessVerdict } from './access-verdict.ts';
import { type Asked, askedOfNode, callerProof, requirements } from './asking.ts';
import { preparedVerification } from './assertion.ts';

/** Undefined when the endpoint is to answer. */
type Yes = PreparedVerification | undefined;

export function quickVerification(deps: AppDeps, resource: ResourceConfig): QuickAnswer {
  const yesTo = quickYes(deps, resource);
  const count = deps.metrics.requests('GET', '/verify/:resource', 200);
  const send = (response: ServerResponse, { flat }: PreparedVerification, startedAt: number) => {
    sendPrepared(response, flat, '');
    count((performance.now() - startedAt) / 1000);
  };
  return (request, response, handBack) => {
    const startedAt = performance.now();
    const yes = yesTo(askedOfNode(request));
    if (yes === undefined) return 'left';
    if (yes instanceof Promise) {
      // Trouble of the store is for the endpoint, too, which asks again and says so.
      yes.then(
        (found) => (found === undefined ? handBack() : send(response, found, startedAt)),
        () => handBack(),
      );
      return 'taken';
    }
    send(response, yes, startedAt);
    return 'answered';
  };
}

function quickYes(deps: AppDeps, resource: ResourceConfig): (asked: Asked) => Yes | Promise<Yes> {
  const proven = callerProof(deps);
  const needed = requirements(deps);
  const answer = (verdict: AccessVerdict): Yes | Promise<Yes> =>
    verdict.allowed ? preparedVerification(verdict.known, resource, deps) : undefined;
  return (asked) => {
    if (resource.upstreamToken || proven(asked, resource) === 'refused') return undefined;
    const required = needed(asked, resource);
    if (!required.ok) return undefined;
    const authorization = asked.header('authorization');
    const verdict = accessVerdict({ authorization, resource, required: required.scopes }, deps);
    return verdict instanceof Promise ? verdict.then(answer) : answer(verdict);
  };
}
