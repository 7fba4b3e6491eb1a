/**
 * A history of operations and what must be true of it, whatever was killed while it was made.
 *
 * An operation whose answer never came is `unknown`, neither a success nor a failure: it may have happened. Three rules:
 * what was acknowledged is there afterwards (`lost`), what is good once has one winner (`double`), and what was ended
 * stays ended (`revived`). Judges the history alone, never logs. Must never excuse an answer by a kill nearby.
 */
export type Outcome = 'ok' | 'fail' | 'unknown';

/** `authorize` uses a client and makes a code; `revoke` ends everything of its line. */
export type OperationKind = 'register' | 'authorize' | 'redeem' | 'refresh' | 'introspect' | 'revoke';

export interface Operation {
  readonly kind: OperationKind;
  /** One client, its person and everything that was made for the two; lines share nothing. */
  readonly line: string;
  /** The artifact it presents; empty for a registration. */
  readonly uses: string;
  /** Artifacts that its answer brought. */
  readonly made: readonly string[];
  readonly outcome: Outcome;
  /** Milliseconds of one monotonic clock. */
  readonly began: number;
  readonly ended: number;
}

export interface Violation {
  readonly rule: 'lost' | 'double' | 'revived';
  readonly line: string;
  readonly artifact: string;
  readonly because: string;
}

/** As `Map.groupBy`, which Node 20 does not have. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** Every breach of the three rules. */
export function judge(history: readonly Operation[]): Violation[] {
  const lines = groupBy(history, ({ line }) => line);
  const found = [...lines].flatMap(([line, operations]) => [
    ...losses(line, operations),
    ...doubles(line, operations),
    ...revivals(line, operations),
  ]);
  return [...found, ...sharedArtifacts(history)];
}

/** Answers that gave something although the whole operation lay within the span. */
export const grantedWithin = (history: readonly Operation[], from: number, to: number): readonly Operation[] =>
  history.filter(({ outcome, began, ended }) => outcome === 'ok' && began > from && ended < to);

/** A refused use of something acknowledged, when nothing on the line could have ended it. */
function losses(line: string, operations: readonly Operation[]): Violation[] {
  const madeAt = new Map<string, number>();
  for (const { outcome, made, ended } of operations)
    if (outcome === 'ok')
      for (const artifact of made) madeAt.set(artifact, Math.min(ended, madeAt.get(artifact) ?? ended));
  return operations
    .filter(({ outcome, uses, began }) => outcome === 'fail' && (madeAt.get(uses) ?? Number.POSITIVE_INFINITY) <= began)
    .filter((refused) => !mayHaveEnded(refused, operations))
    .map(({ kind, uses }) => ({ rule: 'lost', line, artifact: uses, because: `${kind} was refused` }));
}

/** Whether another operation, begun before this one was answered, may have ended what it uses. */
function mayHaveEnded(refused: Operation, operations: readonly Operation[]): boolean {
  const before = operations.filter((one) => one !== refused && one.began < refused.ended && one.kind !== 'introspect');
  const happened = before.filter(({ outcome }) => outcome !== 'fail');
  if (refused.kind === 'register' || refused.kind === 'authorize') return false;
  if (happened.some(({ kind }) => kind === 'revoke')) return true;
  // A second use of a code, refused or not, ends what the first has made.
  const redemptions = before.filter(({ kind }) => kind === 'redeem');
  if (refused.kind === 'redeem') return happened.some(({ kind, uses }) => kind === 'redeem' && uses === refused.uses);
  if (redemptions.length > new Set(redemptions.map(({ uses }) => uses)).size) return true;
  return refused.kind === 'refresh' && isOldGeneration(refused, happened);
}

/** Its successor has been used: from then on the predecessor is good for nothing (contract ruling 24). */
function isOldGeneration({ uses }: Operation, happened: readonly Operation[]): boolean {
  const successors = happened.filter((one) => one.kind === 'refresh' && one.uses === uses).flatMap(({ made }) => made);
  return happened.some((one) => one.kind === 'refresh' && successors.includes(one.uses));
}

function doubles(line: string, operations: readonly Operation[]): Violation[] {
  const found: Violation[] = [];
  const won = operations.filter(({ outcome }) => outcome === 'ok');
  for (const [code, uses] of groupBy(
    won.filter(({ kind }) => kind === 'redeem'),
    (one) => one.uses,
  ))
    if (uses.length > 1)
      found.push({ rule: 'double', line, artifact: code, because: `a code was redeemed ${uses.length} times` });
  for (const [token, uses] of groupBy(
    won.filter(({ kind }) => kind === 'refresh'),
    (one) => one.uses,
  )) {
    const successors = new Set(uses.map(({ made }) => made[0]));
    if (successors.size > 1)
      found.push({ rule: 'double', line, artifact: token, because: `${successors.size} successors` });
  }
  return found;
}

/** A success begun after a revocation was acknowledged. */
function revivals(line: string, operations: readonly Operation[]): Violation[] {
  const revoked = operations.filter(({ kind, outcome }) => kind === 'revoke' && outcome === 'ok');
  if (revoked.length === 0) return [];
  const endedAt = Math.min(...revoked.map(({ ended }) => ended));
  return operations
    .filter(
      ({ kind, outcome, began }) =>
        ['redeem', 'refresh', 'introspect'].includes(kind) && outcome === 'ok' && began > endedAt,
    )
    .map(({ kind, uses }) => ({ rule: 'revived', line, artifact: uses, because: `${kind} succeeded afterwards` }));
}

/** Nothing is ever handed to two lines, and nothing is made twice but a successor asked for again. */
function sharedArtifacts(history: readonly Operation[]): Violation[] {
  const makers = new Map<string, Operation>();
  const found: Violation[] = [];
  for (const operation of history)
    for (const artifact of operation.made) {
      const first = makers.get(artifact);
      makers.set(artifact, first ?? operation);
      if (first !== undefined && (first.line !== operation.line || first.uses !== operation.uses))
        found.push({ rule: 'double', line: operation.line, artifact, because: `made for ${first.line} too` });
    }
  return found;
}
