/**
 * What the broker has to do, said once more and simply: who approved what, what is alive, and what each step must bring.
 *
 * No hashes, no races, no database: a few lists. Written from the invariants, never from `src/`. Must never learn from an
 * answer what the answer should have been; answers only bring the names of new things.
 */
export const GRACE = 30;
export const CODE_LIFE = 60;
export const ACCESS_LIFE = 600;
const JOURNEY_LIFE = 600;
export const REPEAT = 60;

export interface ModelClient {
  readonly id: string;
  readonly secret: string | undefined;
  readonly redirect: string;
  blocked: boolean;
}

export interface ModelJourney {
  readonly path: string;
  readonly ticket: string;
  readonly browser: number;
  readonly client: ModelClient;
  readonly scopes: readonly string[];
  readonly challenge: { readonly verifier: string; readonly challenge: string };
  /** Whom the page named. */
  readonly expects: string | undefined;
  readonly openedAt: number;
  decision: 'allow' | 'deny' | undefined;
  decidedAt: number;
  decidedTurn: number;
  handedOffAt: number | undefined;
  state: string | undefined;
  returned: boolean;
  /** Ended by a revocation or a block while it was under way. */
  ended: boolean;
}

export interface ModelCode {
  readonly code: string;
  readonly journey: ModelJourney;
  readonly person: string;
  readonly issuedAt: number;
  used: boolean;
  dead: boolean;
  grant: ModelGrant | undefined;
}

export interface Generation {
  readonly token: string;
  rotatedAt: number | undefined;
}

export interface ModelGrant {
  readonly client: ModelClient;
  readonly person: string;
  readonly scopes: readonly string[];
  readonly generations: Generation[];
  readonly access: { readonly token: string; readonly issuedAt: number; dead: boolean }[];
  dead: boolean;
}

export interface ModelApproval {
  readonly person: string;
  readonly client: ModelClient;
  readonly scopes: Set<string>;
  /** The moments of its life as turns of the model's own clock, which knows an order within a second. */
  revokedAt: number | undefined;
  revokedTurn: number | undefined;
}

export class Model {
  readonly clients: ModelClient[] = [];
  readonly journeys: ModelJourney[] = [];
  readonly codes: ModelCode[] = [];
  readonly grants: ModelGrant[] = [];
  readonly approvals: ModelApproval[] = [];
  /** Who is signed in at each browser. */
  readonly sessions: (string | undefined)[] = [undefined, undefined];
  /** Everything secret that was ever handed out; none may come twice (invariant 21). */
  readonly #seen = new Set<string>();

  /** Throws unless the value is new. */
  fresh(what: string, value: string): void {
    if (this.#seen.has(value)) throw new Error(`invariant 21: the same ${what} twice`);
    if (value.length < 22) throw new Error(`invariant 21: a short ${what}`);
    this.#seen.add(value);
  }

  isOpen = (journey: ModelJourney, now: number): boolean => now < journey.openedAt + JOURNEY_LIFE && !journey.ended;

  /** What the callback of this journey, in its own browser, must come to for this person. */
  brings(journey: ModelJourney, person: string, now: number): 'code' | 'nothing' | 'either' {
    const waits = journey.decision === 'allow' && journey.state !== undefined && !journey.returned;
    if (!waits || !this.isOpen(journey, now) || journey.client.blocked) return 'nothing';
    // The page named nobody, and meanwhile somebody signed in at this browser: nobody else comes back to it unasked.
    const expects = journey.expects ?? this.sessions[journey.browser];
    if (expects !== undefined && expects !== person) return 'nothing';
    const takenBack = this.approvals.filter((one) => one.client === journey.client && one.person === person);
    if (takenBack.some(({ revokedTurn = 0 }) => revokedTurn > journey.decidedTurn)) return 'nothing';
    // Within one second the order is not kept: asking again is in order, a code is, too.
    return takenBack.some(({ revokedAt }) => revokedAt === journey.decidedAt) ? 'either' : 'code';
  }

  liveApproval = (person: string | undefined, client: ModelClient): ModelApproval | undefined =>
    this.approvals.find((one) => one.person === person && one.client === client && one.revokedTurn === undefined);

  approve(person: string, client: ModelClient, scopes: readonly string[]): void {
    const known = this.liveApproval(person, client);
    for (const scope of scopes) known?.scopes.add(scope);
    if (known === undefined)
      this.approvals.push({ person, client, scopes: new Set(scopes), revokedAt: undefined, revokedTurn: undefined });
  }

  isLive = (grant: ModelGrant): boolean => !grant.dead && !grant.client.blocked;

  isCodeGood = (code: ModelCode, now: number): boolean =>
    !code.used && !code.dead && !code.journey.client.blocked && now < code.issuedAt + CODE_LIFE;

  isActive(grant: ModelGrant, token: string, now: number): boolean {
    const access = grant.access.find((one) => one.token === token);
    return access !== undefined && !access.dead && this.isLive(grant) && now < access.issuedAt + ACCESS_LIFE;
  }

  /** What presenting this generation must come to: a rotation, the same successor again, or the end of the family. */
  presents(grant: ModelGrant, index: number, now: number): 'rotate' | 'again' | 'reuse' | 'refuse' {
    const generation = grant.generations[index];
    if (!this.isLive(grant) || generation === undefined) return 'refuse';
    if (generation.rotatedAt === undefined) return 'rotate';
    const isNewestButOne = index === grant.generations.length - 2;
    return isNewestButOne && now - generation.rotatedAt <= GRACE ? 'again' : 'reuse';
  }

  /** Takes back what anybody allowed a client, and all that hangs on it (invariant 17). */
  revoke(client: ModelClient, now: number, turn: number): void {
    for (const approval of this.approvals) {
      if (approval.client !== client || approval.revokedTurn !== undefined) continue;
      Object.assign(approval, { revokedAt: now, revokedTurn: turn });
      for (const journey of this.journeys)
        if (journey.client === client && journey.expects === approval.person) journey.ended = true;
      for (const grant of this.grants)
        if (grant.client === client && grant.person === approval.person) grant.dead = true;
      for (const code of this.codes)
        if (code.journey.client === client && code.person === approval.person) code.dead = true;
    }
  }

  /** Nothing of a blocked client works, nor will anything that it had before (invariant 17). */
  block(client: ModelClient, now: number, turn: number): void {
    this.revoke(client, now, turn);
    client.blocked = true;
    for (const journey of this.journeys) if (journey.client === client) journey.ended = true;
  }
}
