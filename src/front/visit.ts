/** One request to a fronted MCP server whose token is good: everything the front's parts need. Decides nothing. */
import type { Context } from 'hono';
import type { FrontConfig, ResourceConfig } from '../config/config.ts';
import type { Trail } from '../domain/types.ts';
import type { AppDeps, AppEnv, KnownToken } from '../ports.ts';
import type { ServerLine } from './dial.ts';

export type FrontedResource = ResourceConfig & { readonly front: FrontConfig };

export interface Visit {
  readonly c: Context<AppEnv>;
  readonly deps: AppDeps;
  readonly resource: FrontedResource;
  readonly line: ServerLine;
  readonly known: KnownToken;
  readonly trail: Trail;
}
