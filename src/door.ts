/**
 * What is answered ahead of the application: the table of addresses with an answer at hand.
 *
 * Only the exact address counts, without a query; anything else, and every host of a fronted resource, is left to the
 * application. Must never hold a decision; a line names its room and the room decides.
 */
import { frontedHosts } from './front/mount.ts';
import type { AppDeps } from './ports.ts';
import { serverDocuments } from './registration/metadata.ts';
import { resourceDocuments } from './resources/metadata.ts';
import { quickVerification } from './resources/quick-verification.ts';
import { quickDocument } from './security/prepared-document.ts';
import type { QuickAnswer } from './security/quick-answer.ts';
import { quickIntrospection } from './tokens/quick-introspection.ts';

export function createDoor(deps: AppDeps): QuickAnswer {
  const base = new URL(deps.config.issuer).pathname.replace(/\/$/, '');
  const got = new Map<string, QuickAnswer>();
  for (const one of [...serverDocuments(deps), ...resourceDocuments(deps)]) got.set(one.path, quickDocument(one));
  for (const [key, resource] of deps.config.resources)
    got.set(`${base}/verify/${key}`, quickVerification(deps, resource));
  const posted = new Map([[`${base}/introspect`, quickIntrospection(deps)]]);
  const elsewhere = frontedHosts(deps.config);

  return (request, response, handBack) => {
    const table = request.method === 'GET' ? got : request.method === 'POST' ? posted : undefined;
    const answer = table?.get(request.url ?? '');
    if (answer === undefined) return 'left';
    if (elsewhere.size > 0 && elsewhere.has((request.headers.host ?? '').toLowerCase())) return 'left';
    return answer(request, response, handBack);
  };
}
