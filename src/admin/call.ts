/**
 * What a call of the admin API is: one row from which routing, validation, types and the OpenAPI document come.
 *
 * Decides nothing; mount.ts runs calls and open-api.ts describes them.
 */
import { z } from 'zod';
import type { AdminRole } from '../domain/admin-key.ts';
import type { Trail } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import type { Caller } from './authenticate.ts';

export interface Setting {
  readonly deps: AppDeps;
  readonly caller: Caller;
  readonly trail: Trail;
  /** The media types asked for, as sent. */
  readonly accept: string;
  /** The versions of which the thing must be one, where the caller set that condition. */
  readonly ifMatch: readonly string[] | undefined;
  /** The caller would rather be answered before a long work is done (RFC 7240). */
  readonly later: boolean;
}

export type Method = 'get' | 'post' | 'patch' | 'delete';

interface Row {
  readonly id: string;
  readonly method: Method;
  /** Under `/admin/v1`; `{name}` is a segment. */
  readonly path: string;
  readonly summary: string;
  readonly role: AdminRole;
  /** Open to keys limited to some resources; such a call keeps to the limit itself. */
  readonly limited?: boolean;
  /** Answers this media type, too. */
  readonly also?: string;
  /** Takes `If-Match`; see version.ts. */
  readonly conditional?: boolean;
  /** Answers 202 before it is done to `Prefer: respond-async`. */
  readonly deferrable?: boolean;
}

type Members = z.ZodRawShape;

interface Typed<Q extends Members, B extends Members, A extends z.ZodType> extends Row {
  readonly query?: z.ZodObject<Q>;
  readonly body?: z.ZodObject<B>;
  /** A body may be left out. */
  readonly bodyOptional?: boolean;
  readonly answer: A;
  /** The version of what is answered, for `ETag`. */
  readonly etag?: (answer: z.output<A>) => string;
  /** Throws Refused. A Response is answered as it is. */
  readonly run: (
    setting: Setting,
    input: {
      readonly path: Readonly<Record<string, string>>;
      readonly query: z.output<z.ZodObject<Q>>;
      readonly body: z.output<z.ZodObject<B>>;
    },
  ) => Promise<z.output<A> | Response> | z.output<A> | Response;
}

/** A call whose types have been checked where it was defined. */
export interface Call extends Row {
  readonly query: z.ZodObject | undefined;
  readonly body: z.ZodObject | undefined;
  readonly bodyOptional: boolean;
  readonly answer: z.ZodType;
  readonly etag: ((answer: never) => string) | undefined;
  readonly run: (
    setting: Setting,
    input: { readonly path: Readonly<Record<string, string>>; readonly query: never; readonly body: never },
  ) => Promise<unknown> | unknown;
}

/** Whether a call takes `Idempotency-Key`: the others change nothing, or nothing more when they come twice. */
export const isRepeatable = ({ method, role }: Row): boolean => method === 'post' && role !== 'reader';

const NOTHING = z.strictObject({});

export const call = <A extends z.ZodType, Q extends Members = Members, B extends Members = Members>(
  typed: Typed<Q, B, A>,
): Call => ({
  ...typed,
  query: (typed.query ?? NOTHING) as z.ZodObject,
  body: typed.body as z.ZodObject | undefined,
  bodyOptional: typed.bodyOptional ?? false,
  etag: typed.etag,
  run: typed.run as unknown as Call['run'],
});
