/**
 * The entrance of the console: the choice of a sign-in, the one-time link, sign-out.
 *
 * A link is claimed by a POST from its own page, once, by one conditional write. Opening it changes nothing.
 */
import type { Context } from 'hono';
import { ConsoleSignedOutPage, EnterPage, LinkPage, SpentLinkPage } from '../../../views/console/enter-pages.tsx';
import { words } from '../../../views/console/words.ts';
import { seeConsolePage } from '../../browser/responder.ts';
import type { AppEnv } from '../../ports.ts';
import { CONSOLE_ABSOLUTE } from '../../security/console-session.ts';
import { one, readForm } from '../../security/parameters.ts';
import { hashSecret, newSecret } from '../../security/secrets.ts';
import { Refused } from '../problem.ts';
import { bindingOf, bound, consolePage, type Desk, outsideFrame, readInside, refusal } from './desk.ts';

type Handler = (c: Context<AppEnv>) => Promise<Response>;

/** Shown at every address of the console to who is not in. */
export const entrance =
  (desk: Desk): Handler =>
  async (c) => {
    const { deps, place } = desk;
    const listed = new Set(place.signIn ? deps.config.admin.people.map(({ upstream }) => upstream) : []);
    const choices = [...deps.connectors.values()]
      .filter(({ name }) => listed.has(name))
      .map(({ name, displayName }) => ({
        upstream: displayName,
        url: `${place.base}/admin/sign-in/${encodeURIComponent(name)}`,
      }));
    return consolePage(
      c,
      desk,
      EnterPage({ frame: outsideFrame(desk), choices, demo: isDemo(desk) }),
      c.req.method === 'GET' ? 200 : 403,
    );
  };

/** The demo has no configuration file, so no command can make a link for it; it prints one as it starts. */
const isDemo = ({ deps }: Desk): boolean => deps.config.mode === 'demo';

const linkTicket = (token: string): string => `link\n${hashSecret(token)}`;

export const linkPage =
  (desk: Desk): Handler =>
  async (c) => {
    const { deps, place } = desk;
    const token = c.req.param('token') ?? '';
    const link = await deps.store.findConsoleLink(hashSecret(token), deps.now());
    if (link === undefined) return spent(c, desk);
    const model = {
      frame: outsideFrame(desk),
      role: link.role,
      until: `${new Date(link.expiresAt * 1000).toISOString().slice(11, 16)} UTC`,
      form: {
        action: `${place.base}/admin/enter/${encodeURIComponent(token)}`,
        ticket: bindingOf(desk).ticket('console', linkTicket(token)),
      },
    };
    return consolePage(c, desk, LinkPage(model));
  };

/** Claims the link. The page it comes from is ours, so that nobody can be signed in by a page elsewhere. */
export const claimLink =
  (desk: Desk): Handler =>
  async (c) => {
    const { deps, place } = desk;
    const token = c.req.param('token') ?? '';
    const binding = bindingOf(desk);
    const reading = await readForm(c);
    const ticket = reading.ok ? one(reading.parameters, 'ticket') : undefined;
    if (!binding.isOwnPost(c) || !binding.isTicket('console', linkTicket(token), ticket)) return spent(c, desk);
    const cookie = newSecret();
    const before = binding.read(c, 'console');
    const at = deps.now();
    const link = await deps.store.claimConsoleLink(
      hashSecret(token),
      {
        idHash: hashSecret(cookie),
        expiresAt: at + CONSOLE_ABSOLUTE,
        replaces: before === undefined ? undefined : hashSecret(before),
      },
      { at, reference: c.get('event').reference, actor: { kind: 'admin', id: undefined } },
    );
    if (link === undefined) return spent(c, desk);
    binding.write(c, 'console', cookie);
    return seeConsolePage(c, place.base, '/admin');
  };

const spent = (c: Context<AppEnv>, desk: Desk): Response => {
  c.get('event').note({ outcome: 'refused', error: 'link_spent' });
  return consolePage(c, desk, SpentLinkPage({ frame: outsideFrame(desk), demo: isDemo(desk) }), 403);
};

export const signOut =
  (desk: Desk): Handler =>
  async (c) => {
    const { deps, place } = desk;
    const inside = await readInside(c, desk);
    if (inside === undefined) return entrance(desk)(c);
    const reading = await readForm(c);
    const ticket = reading.ok ? one(reading.parameters, 'ticket') : undefined;
    if (!inside.binding.isOwnPost(c) || !inside.binding.isTicket('console', bound(inside, 'sign-out'), ticket))
      return refusal(c, desk, inside, new Refused(403, 'form_stale', words.staleForm));
    const actor = { kind: 'admin', id: inside.caller.id } as const;
    await deps.store.endConsoleSession(inside.session.idHash, {
      at: deps.now(),
      reference: c.get('event').reference,
      actor,
    });
    inside.binding.clear(c, 'console');
    c.header('Clear-Site-Data', '"cache"');
    return consolePage(c, desk, ConsoleSignedOutPage({ frame: outsideFrame(desk), url: `${place.base}/admin` }));
  };
