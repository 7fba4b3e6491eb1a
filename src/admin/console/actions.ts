/**
 * What may be changed in the console: each action as a call of the admin API, what it would end, and where it leads back.
 */
import type { ActionName } from '../../../views/console/words.ts';
import type { AdminRole } from '../../domain/admin-key.ts';
import type { AdminRequest } from '../in-process.ts';

/** What is meant, by name; always text. */
export type Target = Readonly<Record<string, string>>;

export interface Action {
  readonly role: AdminRole;
  /** The names a target may have; at least one of them is given. */
  readonly target: readonly string[];
  readonly needsReason: boolean;
  /** The filters of what it ends; undefined when it ends no access. */
  readonly ends: ((target: Target) => Target) | undefined;
  readonly request: (target: Target, reason: string) => AdminRequest;
  /** Below `/admin`. */
  readonly back: (target: Target) => string;
}

const at = (folder: string, { id = '' }: Target): string => `/${folder}/${encodeURIComponent(id)}`;
const one = (page: string) => (target: Target) => `/${page}?id=${encodeURIComponent(target.id ?? '')}`;
const ID = ['id'];

export const ACTIONS: Readonly<Record<ActionName, Action>> = {
  revoke_approval: {
    role: 'revoker',
    target: ID,
    needsReason: true,
    ends: undefined,
    request: (target, reason) => ({ method: 'delete', path: at('approvals', target), body: { reason } }),
    back: one('approval'),
  },
  revoke_matching: {
    role: 'revoker',
    target: ['user', 'client_id', 'resource', 'site', 'granted_before'],
    needsReason: true,
    ends: (target) => target,
    request: (target, reason) => ({ method: 'post', path: '/revocations', body: { ...target, reason } }),
    back: (target) => {
      const { granted_before: _before, ...filters } = target;
      return `/approvals?${new URLSearchParams(filters)}`;
    },
  },
  block_app: {
    role: 'admin',
    target: ID,
    needsReason: true,
    ends: ({ id = '' }) => ({ client_id: id }),
    request: (target, reason) => ({ method: 'patch', path: at('clients', target), body: { state: 'blocked', reason } }),
    back: one('app'),
  },
  unblock_app: {
    role: 'admin',
    target: ID,
    needsReason: true,
    ends: undefined,
    request: (target, reason) => ({ method: 'patch', path: at('clients', target), body: { state: 'active', reason } }),
    back: one('app'),
  },
  delete_app: {
    role: 'admin',
    target: ID,
    needsReason: true,
    ends: ({ id = '' }) => ({ client_id: id }),
    request: (target, reason) => ({ method: 'delete', path: at('clients', target), body: { reason } }),
    back: () => '/apps',
  },
  sign_out_person: {
    role: 'revoker',
    target: ID,
    needsReason: false,
    ends: undefined,
    request: (target) => ({ method: 'post', path: `${at('users', target)}/sign-out` }),
    back: one('person'),
  },
  disable_person: {
    role: 'admin',
    target: ID,
    needsReason: true,
    ends: ({ id = '' }) => ({ user: id }),
    request: (target, reason) => ({ method: 'patch', path: at('users', target), body: { state: 'disabled', reason } }),
    back: one('person'),
  },
  enable_person: {
    role: 'admin',
    target: ID,
    needsReason: true,
    ends: undefined,
    request: (target, reason) => ({ method: 'patch', path: at('users', target), body: { state: 'active', reason } }),
    back: one('person'),
  },
};

export const isActionName = (name: string): name is ActionName => Object.hasOwn(ACTIONS, name);
