/**
 * What the account pages, the help page and the report pages are told: facts only, as models.ts says.
 */
import type { Destination } from '../src/domain/destination.ts';
import type { CleanedName } from '../src/domain/display-name.ts';
import type { Tier } from '../src/domain/identity.ts';
import type { Seconds } from '../src/domain/types.ts';
import type { Ability, FormTarget, Frame } from './models.ts';

/** One approval below a row. */
export interface AccountApproval {
  readonly resourceName: string;
  readonly destinations: readonly Destination[];
  readonly grantedAt: Seconds;
  readonly lastUsedAt: Seconds | undefined;
  readonly expiresAt: Seconds;
  readonly removeUrl: string;
}

/** One app identity: however many registrations it made, it is one row. */
export interface AccountApp {
  readonly tier: Tier;
  readonly name: CleanedName;
  readonly catalogName: string | undefined;
  readonly destinations: readonly Destination[];
  readonly abilities: readonly Ability[];
  /** What it may use, and how long an access token already out may outlive a removal there, in seconds; 0: ends at once. */
  readonly servers: readonly { readonly name: string; readonly endsWithin: Seconds }[];
  readonly upstreamName: string;
  readonly accountName: string;
  readonly grantedAt: Seconds;
  readonly lastUsedAt: Seconds | undefined;
  readonly expiresAt: Seconds;
  /** The caller's verdict: unused for 30 days or more. */
  readonly unused: boolean;
  /** More than one is listed under Details with its own Remove. */
  readonly approvals: readonly AccountApproval[];
  readonly removeUrl: string;
  readonly blockUrl?: string;
}

/** An app the person blocked. */
export interface BlockedApp {
  readonly tier: Tier;
  readonly name: CleanedName;
  readonly catalogName: string | undefined;
  readonly destination: Destination;
  readonly blockedAt: Seconds;
  readonly unblockUrl: string;
}

export interface AccountModel {
  readonly frame: Frame;
  readonly apps: readonly AccountApp[];
  readonly blocked?: readonly BlockedApp[];
  readonly notice: AccountNotice | undefined;
  readonly removeAllUrl: string;
  readonly activityUrl: string | undefined;
  readonly downloadUrl: string | undefined;
  readonly receiptsUrl: string | undefined;
}

/** What just happened, as a `role=status` message. */
export interface AccountNotice {
  readonly kind: 'removed' | 'removed_all' | 'nothing_to_remove' | 'blocked' | 'unblocked';
  /** The app's shown name; undefined for `removed_all`. */
  readonly appName: string | undefined;
  /** Longest life of an access token already out, seconds; 0: tokens are checked online. */
  readonly endsWithin: Seconds;
  /** The upstream's name and whether its part was cancelled too. */
  readonly upstream: { readonly name: string; readonly cancelled: boolean } | undefined;
}

export interface RemoveModel {
  readonly frame: Frame;
  readonly form: FormTarget;
  readonly app: AccountApp;
  readonly endsWithin: Seconds;
  readonly keepUrl: string;
}

export interface RemoveAllModel {
  readonly frame: Frame;
  readonly form: FormTarget;
  readonly apps: readonly AccountApp[];
  readonly endsWithin: Seconds;
  readonly keepUrl: string;
}

/** Block or unblock an app: the same page, the other way round. */
export interface BlockModel {
  readonly frame: Frame;
  readonly form: FormTarget;
  readonly kind: 'block' | 'unblock';
  readonly app: Pick<AccountApp, 'tier' | 'name' | 'catalogName'>;
  readonly keepUrl: string;
}

/** Tell the operator about a request; it decides nothing. */
export interface ReportModel {
  readonly frame: Frame;
  readonly form: FormTarget;
  readonly reference: string;
  /** Longest text, in characters. */
  readonly maxLength: number;
  /** Offers to block the app too; only for somebody who is signed in. */
  readonly canBlock: boolean;
  readonly backUrl: string;
}

export interface ReportedModel {
  readonly frame: Frame;
  readonly reference: string;
  readonly blocked: boolean;
  /** The page of the request, while it waits for an answer. */
  readonly backUrl: string | undefined;
}

export interface SignedOutModel {
  readonly frame: Frame;
  readonly signInUrl: string;
}

export interface SignInModel {
  readonly frame: Frame;
  /** Links, not forms: `form-action 'self'` would stop a form's redirect to the upstream. */
  readonly choices: readonly { readonly upstreamName: string; readonly url: string }[];
}

export type ActivityKind =
  | 'allowed'
  | 'allowed_more'
  | 'denied'
  | 'denied_more'
  | 'warned'
  | 'removed'
  | 'removed_by_admin'
  | 'ended'
  | 'renewed'
  | 'signed_in'
  | 'signed_out'
  | 'reported'
  | 'blocked'
  | 'unblocked';

export interface ActivityModel {
  readonly frame: Frame;
  /** Newest first. */
  readonly entries: readonly {
    readonly at: Seconds;
    readonly kind: ActivityKind;
    readonly app: { readonly name: CleanedName; readonly catalogName: string | undefined } | undefined;
    readonly resourceName: string | undefined;
    /** For `renewed`: how often. */
    readonly count: number;
  }[];
}

export interface WhyModel {
  readonly frame: Frame;
  readonly resourceName: string | undefined;
  readonly upstreamName: string | undefined;
}

/** The app waits for an administrator. */
export interface WaitingModel {
  readonly frame: Frame;
  /** Undefined once the person has said what they had to say. */
  readonly form: FormTarget | undefined;
  readonly reference: string;
  readonly maxLength: number;
  readonly againUrl: string;
}
