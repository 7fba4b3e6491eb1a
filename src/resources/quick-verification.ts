/**
 * The quick way to a yes at `/verify/{resource}`, ahead of everything that other answers need.
 *
 * Yes is counted and not logged: the proxy logs its own requests. All else, every no and whatever has to ask an upstream
 * included, goes on to the endpoint, which judges from the beginning. Must never answer anything but a yes that the
 * endpoint would give.
 */
import type { Context, Handler, Next } from 'hono';
import type { AppDeps, AppEnv, PreparedVerification } from '../ports.ts';
import { sentHeaders } from '../security/parameters.ts';
import { type AccessVerdict, accessVerdict } from './access-verdict.ts';
import { callerProof, requirements } from './asking.ts';
import { preparedVerification } from './assertion.ts';

/** Undefined when the endpoint is to answer. */
type Answer = Response | undefined | Promise<Response | undefined>;

export function quickVerification(deps: AppDeps): Handler<AppEnv> {
  const quick = quickAnswer(deps);
  return (c, next) => {
    const answer = quick(c);
    return answer instanceof Promise ? orGoOn(answer, next) : (answer ?? next());
  };
}

/** Trouble of the store is for the endpoint, too, which asks again and says so. */
const orGoOn = async (answer: Promise<Response | undefined>, next: Next) =>
  (await answer.catch(() => undefined)) ?? next();

function quickAnswer(deps: AppDeps): (c: Context<AppEnv>) => Answer {
  const proven = callerProof(deps);
  const needed = requirements(deps);
  return (c) => {
    const startedAt = performance.now();
    const resource = deps.config.resources.get(c.req.param('resource') ?? '');
    if (resource === undefined || resource.upstreamToken || proven(c, resource) === 'refused') return undefined;
    const required = needed(c, resource);
    if (!required.ok) return undefined;

    const yes = ({ headers }: PreparedVerification): Response => {
      deps.metrics.request(c.req.method, '/verify/:resource', 200, (performance.now() - startedAt) / 1000);
      return new Response(null, { headers });
    };
    const answer = (verdict: AccessVerdict): Answer => {
      if (!verdict.allowed) return undefined;
      const prepared = preparedVerification(verdict.known, resource, deps);
      return prepared instanceof Promise ? prepared.then(yes) : yes(prepared);
    };
    const asked = { authorization: sentHeaders(c)('authorization'), resource, required: required.scopes };
    const verdict = accessVerdict(asked, deps);
    return verdict instanceof Promise ? verdict.then(answer) : answer(verdict);
  };
}
