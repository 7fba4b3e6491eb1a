/**
 * What may be changed in the console: each action as a call of the admin API, what it would end, and where it leads back.
 */
import type { ActionName } from '../../../views/console/words.ts';
import type { AdminRole } from '../../domain/admin-key.ts';
import type { AdminRequest } from '../in-process.ts';

/** What is meant, by name; always text. */
export type Target = Readonly<Record<string, string>>;

export interface Subject {
  readonly path: string;
  /** Where the API answers with more than the thing that is meant. */
  readonly among?: string | undefined;
}

export interface Action {
  readonly role: AdminRole;
  /** The names a target may have; at least one of them is given. */
  readonly target: readonly string[];
  readonly needsReason: boolean;
  /** What would count what it ends; undefined when it ends no access. */
  readonly counts: ((target: Target) => AdminRequest) | undefined;
  /** Only in the version that the confirm page showed. */
  readonly conditional?: true;
  /** What is meant, as the API shows it; undefined where the target says it all. */
  readonly subject?: (target: Target) => Subject;
  readonly request: (target: Target, reason: string) => AdminRequest;
  /** Below `/admin`. */
  readonly back: (target: Target) => string;
}

const at = (folder: string, { id = '' }: Target): string => `/${folder}/${encodeURIComponent(id)}`;
const one = (page: string) => (target: Target) => `/${page}?id=${encodeURIComponent(target.id ?? '')}`;
const ID = ['id'];
const subjectAt = (folder: string) => (target: Target) => ({ path: at(folder, target) });
const dryRun = (path: string, meant: Target): AdminRequest => ({
  method: 'post',
  path,
  body: { ...meant, reason: 'dry run', dry_run: true },
});
const ofClient = ({ id = '' }: Target) => dryRun('/revocations', { client_id: id });
const ofUser = ({ id = '' }: Target) => dryRun('/revocations', { user: id });

/** A rule against all that fits one word. */
const blocking = (member: 'site' | 'name'): Action => ({
  role: 'admin',
  target: [member],
  needsReason: true,
  counts: (target) => dryRun('/blocks', target),
  request: (target, reason) => ({ method: 'post', path: '/blocks', body: { ...target, reason } }),
  back: () => '/rules',
});

const deciding = (decision: 'accept' | 'reject'): Action => ({
  role: 'admin',
  target: ID,
  conditional: true,
  needsReason: true,
  counts: decision === 'accept' ? undefined : ofClient,
  subject: subjectAt('clients'),
  request: (target, reason) => ({ method: 'post', path: at('quarantine', target), body: { decision, reason } }),
  back: () => '/quarantine',
});

export const ACTIONS: Readonly<Record<ActionName, Action>> = {
  revoke_approval: {
    role: 'revoker',
    target: ID,
    needsReason: true,
    counts: undefined,
    subject: subjectAt('approvals'),
    request: (target, reason) => ({ method: 'delete', path: at('approvals', target), body: { reason } }),
    back: one('approval'),
  },
  revoke_matching: {
    role: 'revoker',
    target: ['user', 'client_id', 'resource', 'site', 'granted_before'],
    needsReason: true,
    counts: (target) => dryRun('/revocations', target),
    request: (target, reason) => ({ method: 'post', path: '/revocations', body: { ...target, reason } }),
    back: (target) => {
      const { granted_before: _before, ...filters } = target;
      return `/approvals?${new URLSearchParams(filters)}`;
    },
  },
  block_app: {
    role: 'admin',
    target: ID,
    conditional: true,
    needsReason: true,
    counts: ofClient,
    subject: subjectAt('clients'),
    request: (target, reason) => ({ method: 'patch', path: at('clients', target), body: { state: 'blocked', reason } }),
    back: one('app'),
  },
  unblock_app: {
    role: 'admin',
    target: ID,
    conditional: true,
    needsReason: true,
    counts: undefined,
    subject: subjectAt('clients'),
    request: (target, reason) => ({ method: 'patch', path: at('clients', target), body: { state: 'active', reason } }),
    back: one('app'),
  },
  delete_app: {
    role: 'admin',
    target: ID,
    conditional: true,
    needsReason: true,
    counts: ofClient,
    subject: subjectAt('clients'),
    request: (target, reason) => ({ method: 'delete', path: at('clients', target), body: { reason } }),
    back: () => '/apps',
  },
  sign_out_person: {
    role: 'revoker',
    target: ID,
    needsReason: false,
    counts: undefined,
    subject: subjectAt('users'),
    request: (target) => ({ method: 'post', path: `${at('users', target)}/sign-out` }),
    back: one('person'),
  },
  disable_person: {
    role: 'admin',
    target: ID,
    conditional: true,
    needsReason: true,
    counts: ofUser,
    subject: subjectAt('users'),
    request: (target, reason) => ({ method: 'patch', path: at('users', target), body: { state: 'disabled', reason } }),
    back: one('person'),
  },
  enable_person: {
    role: 'admin',
    target: ID,
    conditional: true,
    needsReason: true,
    counts: undefined,
    subject: subjectAt('users'),
    request: (target, reason) => ({ method: 'patch', path: at('users', target), body: { state: 'active', reason } }),
    back: one('person'),
  },
  accept_app: deciding('accept'),
  reject_app: deciding('reject'),
  block_site: blocking('site'),
  block_name: blocking('name'),
  remove_rule: {
    role: 'admin',
    target: ID,
    conditional: true,
    needsReason: true,
    counts: undefined,
    subject: ({ id }) => ({ path: '/blocks', among: id }),
    request: (target, reason) => ({ method: 'delete', path: at('blocks', target), body: { reason } }),
    back: () => '/rules',
  },
  accept_tool: {
    role: 'admin',
    target: ['id', 'hash'],
    needsReason: true,
    counts: undefined,
    subject: subjectAt('tools'),
    request: (target, reason) => ({
      method: 'post',
      path: `${at('tools', target)}/decision`,
      body: { hash: target.hash, reason },
    }),
    back: one('tool'),
  },
};

export const isActionName = (name: string): name is ActionName => Object.hasOwn(ACTIONS, name);
