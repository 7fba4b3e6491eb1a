/**
 * `GET /help/why`: why there is a page at all, in plain words.
 */
import type { Context } from 'hono';
import { WhyPage } from '../../views/account-pages.tsx';
import { frameOf, textFor } from '../browser/frame.ts';
import { answerPage } from '../browser/responder.ts';
import { readVisitor } from '../browser/visitor.ts';
import type { AppDeps, AppEnv } from '../ports.ts';

export const whyPage =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const { session } = await readVisitor(c, deps);
    const [only, ...others] = [...deps.config.resources.values()];
    const single = only !== undefined && others.length === 0 ? only : undefined;
    const model = {
      frame: frameOf(c, deps, session),
      resourceName: single?.name,
      upstreamName: single === undefined ? undefined : deps.connectors.get(single.upstream)?.displayName,
    };
    return answerPage(c, deps, WhyPage(model, textFor(c, deps)));
  };
