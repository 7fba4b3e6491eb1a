/**
 * What each page is told: facts only, no sentences and no markup.
 *
 * Decides nothing. Dates are epoch seconds, formatted by the views in `Frame.timeZone`; URLs are our own,
 * except `HandOffModel.url`. Everything a client chose arrives cleaned (CleanedName) or is shown as text only.
 */
import type { Destination } from '../src/domain/destination.ts';
import type { CleanedName } from '../src/domain/display-name.ts';
import type { Identity, Tier } from '../src/domain/identity.ts';
import type { ScopeRisk, Seconds } from '../src/domain/types.ts';

/** What every page shares. */
export interface Frame {
  readonly brand: {
    readonly name: string;
    /** Our own URL of the operator's logo; without one a letter tile is drawn. */
    readonly logoUrl: string | undefined;
    readonly supportUrl: string | undefined;
    /** The operator's own words on every page, plain text. */
    readonly paragraph?: string | undefined;
  };
  /** Our own URLs: the stylesheet, then the brand's. */
  readonly stylesheets: readonly string[];
  /** Demo mode: a banner on every page. */
  readonly demo: boolean;
  /** IANA name; dates are shown in it. */
  readonly timeZone: string;
  readonly now: Seconds;
  /** The signed-in person; undefined when nobody is. */
  readonly account: { readonly name: string; readonly signOut: FormTarget | undefined } | undefined;
  /** `/help/why`, `/account`; a link that is undefined is left out. */
  readonly whyUrl: string | undefined;
  readonly accountUrl: string | undefined;
  readonly reportUrl: string | undefined;
  /** This page in each language; none where the page has no address to come back to. */
  readonly languages?: readonly LanguageLink[];
}

export interface LanguageLink {
  readonly tag: string;
  /** What the language calls itself. */
  readonly name: string;
  readonly url: string;
}

/** A form of ours: it posts the ticket, and nothing else that is hidden. */
export interface FormTarget {
  readonly action: string;
  readonly ticket: string;
}

/** One thing an app may do. */
export interface Ability {
  readonly scope: string;
  /** Undefined: the server hasn't described it; shown raw and treated as a change. */
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly risk: ScopeRisk;
  /** A checkbox; otherwise a plain item. */
  readonly optional: boolean;
  /** State of the checkbox: the page's own default never ticks a high-impact one. */
  readonly ticked: boolean;
  /** What it needs at the third party, in the third party's own spelling. */
  readonly upstreamScopes: readonly string[];
  /** Well-known identity scopes collapse into one plain line each. */
  readonly standard: 'identity' | 'offline' | undefined;
}

/**
 * One line of "what changed". `before` and `now` of kind `name` are cleaned names, of kind `destination` host words;
 * of kind `document` they are `then` and `now`.
 */
export interface FaceChange {
  readonly what: 'destination' | 'name' | 'publisher' | 'sign_in_method' | 'document';
  readonly before: string;
  readonly now: string;
}

export interface TechnicalDetails {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly upstreamScopes: readonly string[];
  readonly registration: 'registered' | 'document' | 'configured';
  readonly registeredAt: Seconds | undefined;
  readonly nameCodePoints: string | undefined;
  readonly clientUri: string | undefined;
  readonly policyUri: string | undefined;
  readonly tosUri: string | undefined;
  readonly reference: string;
  readonly expiresAt: Seconds;
}

export type ConsentScreenKind = 'first_time' | 'returning' | 'new_scopes' | 'client_changed' | 'alarm';

export interface ConsentModel {
  readonly frame: Frame;
  readonly form: FormTarget;
  /** `alarm` whenever `identity.tier` is; the views refuse no other combination. */
  readonly screen: ConsentScreenKind;
  readonly identity: Identity;
  readonly resource: { readonly name: string; readonly host: string };
  readonly upstream: { readonly name: string };
  /** The account the page is about, when the browser's session knows it. */
  readonly accountName: string | undefined;
  readonly useAnotherUrl: string | undefined;
  /** How long an allow lasts, seconds. */
  readonly lifetime: Seconds;
  /** Requested abilities; on `new_scopes` only the added ones. */
  readonly abilities: readonly Ability[];
  /** On `new_scopes`, `returning` and `client_changed`: what is allowed already. */
  readonly alreadyAllowed: readonly Ability[];
  /** On `client_changed`, and on `new_scopes` if the face changed too. */
  readonly changes: readonly FaceChange[];
  /** When this person last allowed this app here. */
  readonly allowedAt: Seconds | undefined;
  /** The earlier approval ran out at this time. */
  readonly expiredAt: Seconds | undefined;
  /** This person removed this app at this time. */
  readonly removedAt: Seconds | undefined;
  readonly registeredAt: Seconds | undefined;
  /** Its metadata document cannot be had now; when it last could. */
  readonly lastConfirmedAt: Seconds | undefined;
  /** Alarm only: whether anybody here has used it. */
  readonly usedHere: boolean | undefined;
  /** Alarm only: the operator forbids the allow. */
  readonly alarmBlocks: boolean;
  /** The page comes again, with a reason. */
  readonly problem: 'understood_missing' | 'form_stale' | undefined;
  readonly technical: TechnicalDetails;
}

/** After the decision, and after the callback. The only page whose `url` may be a client's. */
export type HandOffModel =
  | { readonly frame: Frame; readonly kind: 'to_upstream'; readonly url: string; readonly upstreamName: string }
  | {
      readonly frame: Frame;
      /** `denied_after_alarm`: nobody has told the app anything; the link does. */
      readonly kind: 'allowed' | 'denied' | 'denied_after_alarm';
      readonly url: string;
      readonly destination: Destination;
      readonly name: CleanedName;
      readonly tier: Tier;
      readonly catalogName: string | undefined;
    };

export type ErrorCode =
  | 'request_expired'
  | 'request_decided'
  | 'browser_mismatch'
  | 'cookie_missing'
  | 'form_stale'
  | 'client_unknown'
  | 'redirect_mismatch'
  | 'client_blocked'
  | 'app_blocked'
  | 'user_not_allowed'
  | 'upstream_denied'
  | 'upstream_unavailable'
  | 'request_invalid'
  | 'client_unapproved'
  | 'rate_limited'
  | 'prompt_limit'
  | 'not_found'
  | 'internal';

/** One error page. Facts a code does not use are ignored; a missing fact shortens the sentence. */
export interface ErrorModel {
  readonly frame: Frame;
  readonly code: ErrorCode;
  readonly reference: string;
  readonly at: Seconds;
  /** True only when the caller knows that nothing was handed to anyone. */
  readonly nothingShared: boolean;
  readonly facts: {
    readonly decision?: 'allow' | 'deny';
    readonly decidedAt?: Seconds;
    /** Whom it was about, in words we can prove: a host or a catalogue name. */
    readonly subject?: string;
    readonly upstreamName?: string;
    readonly resourceName?: string | undefined;
    readonly accountName?: string;
    readonly cookieHost?: string;
    /** Minutes the request was open for. */
    readonly openMinutes?: number;
    readonly retryAfterSeconds?: number;
    /** The admin's words for people, plain text. */
    readonly reason?: string;
  };
  /** Our own URLs; `backToApp` is the client's checked redirect with its error, shown as a link (ruling 5). */
  readonly links: {
    readonly tryAgain?: string;
    readonly account?: string;
    readonly removeThis?: string;
    readonly useAnother?: string;
    readonly backToApp?: string;
  };
  /** For developers, text only: OAuth error code, what was missing, which URI was asked for and which are registered. */
  readonly technical: {
    readonly oauthError?: string;
    readonly description?: string;
    readonly asked?: string;
    readonly registered?: readonly string[];
    /** 1-based position of the first differing character between `asked` and the nearest registered one. */
    readonly differsAt?: number;
  };
}

/** The upstream signed in somebody else than the page had named. */
export interface DifferentAccountModel {
  readonly frame: Frame;
  readonly upstreamName: string;
  readonly expectedName: string;
  readonly returnedName: string;
  readonly startAgainUrl: string | undefined;
  readonly useReturnedUrl: string | undefined;
  readonly reference: string;
  readonly at: Seconds;
}
