/**
 * Whether a client may be given something now, asked inside the unit that gives it.
 *
 * What is found is held until that unit ends: a block, a rule or a wait was there before and is seen, or it comes after
 * and finds what was given. So whoever looked earlier, on a page or at an endpoint, need not have been right.
 */
import { isUsable } from '../../domain/client.ts';
import { findRefusalRule, namesOf } from '../../domain/refusal-rule.ts';
import type { ClientMetadata } from '../../domain/types.ts';
import { all, first, type Unit } from '../statement.ts';
import * as oversight from '../statements/oversight.ts';

interface Giving {
  readonly clientId: string;
  readonly userId: string;
  readonly redirectUri: string;
  /** What the page said of the client; its names count beside those it has now. */
  readonly shown: ClientMetadata | undefined;
}

/** False where an administrator blocked the client, a rule refuses it, it waits, is withdrawn, or is gone. */
export function* mayBeGiven({ clientId, userId, redirectUri, shown }: Giving): Unit<boolean> {
  const client = yield* first(oversight.holdUsableClient, { id: clientId, userId });
  if (client === undefined || !isUsable(client)) return false;
  if ((yield* first(oversight.holdRules, {})) === undefined) {
    // Only before the first rule ever, and until one such unit has been committed.
    yield* all(oversight.putRulesMark, {});
    yield* all(oversight.holdRules, {});
  }
  const rules = yield* all(oversight.listRules, {});
  if (rules.length === 0) return true;
  const names = [...namesOf(client.metadata), ...(shown === undefined ? [] : namesOf(shown))];
  return findRefusalRule(rules, { id: clientId, names, redirectUri }) === undefined;
}
