/**
 * Who is asking, as far as this request proves it: the identity tier, the subject of our own sentence, the signals.
 *
 * Decides tier and signals from the redirect this request uses, never from others the client registered.
 * Must never put a self-chosen name into `subject`: our sentences hold only what is proved (requirements B-04, B-20, B-21).
 */
import { type CatalogEntry, isListed, knownSites } from './catalog/entry.ts';
import { type Destination, describeDestination, destinationWord, type RegistrableDomain } from './destination.ts';
import { type CleanedName, cleanDisplayName } from './display-name.ts';
import { containsUrl, findLookAlikes, mixesScripts, type NamedBrand } from './look-alike.ts';

export type Tier = 'reviewed' | 'site_confirmed' | 'not_confirmed' | 'alarm';

/** What our own heading may name. */
export type Subject =
  | { readonly kind: 'app'; readonly name: string }
  | { readonly kind: 'site'; readonly domain: string }
  | { readonly kind: 'address'; readonly host: string }
  | { readonly kind: 'this_computer' }
  | { readonly kind: 'this_device' };

/** Alarms: the page turns red and its default action flips. */
export type AlarmSignal =
  | {
      readonly kind: 'looks_like';
      /** The name it resembles. */
      readonly name: string;
      readonly of: 'catalog' | 'operator' | 'upstream';
      /** Owners' domains the real one uses; empty when it uses none. */
      readonly sites: readonly string[];
    }
  | { readonly kind: 'hidden_characters' }
  | { readonly kind: 'mixed_scripts' }
  | { readonly kind: 'contains_url' };

/** Notes: one calm line, at most one of them per page. In order of weight. */
export type NoteSignal =
  | { readonly kind: 'publisher_differs'; readonly publisher: string }
  | { readonly kind: 'private_network' }
  | { readonly kind: 'claims_authority' }
  | { readonly kind: 'first_use_of_site' };

export interface Identity {
  readonly tier: Tier;
  readonly subject: Subject;
  /** The self-chosen name, cleaned. Shown once, in quotes. */
  readonly name: CleanedName;
  readonly destination: Destination;
  /** The owner's domain of the client metadata document, when there is one. */
  readonly publisher: string | undefined;
  /** The catalogue's name for the app, when the name matches an entry that lists this destination. */
  readonly catalogName: string | undefined;
  /** The listed destination is a page that hands access on to an app on the person's device. */
  readonly forwards: boolean;
  readonly alarms: readonly AlarmSignal[];
  readonly notes: readonly NoteSignal[];
}

export interface IdentityFacts {
  /** `client_name`, raw. */
  readonly name: string | undefined;
  readonly clientId: string;
  /** The redirect URI of this request, already matched to the registration. */
  readonly redirectUri: string;
  /** Host of the fetched client metadata document; undefined for every other kind of client. */
  readonly documentHost: string | undefined;
  /** The operator vouches for the documents of that host. */
  readonly documentTrusted: boolean;
  /** The operator's entries and the starter list together. */
  readonly catalog: readonly CatalogEntry[];
  /** The operator's brand and the names of its resources. */
  readonly operatorNames: readonly string[];
  readonly upstreamNames: readonly string[];
  /** Whether anybody's approval for this destination exists or existed here; `undefined` when not known. */
  readonly siteUsedBefore: boolean | undefined;
  readonly registrableDomain: RegistrableDomain;
}

/** Characters of a name that are judged; only its first 40 graphemes are ever shown. */
const JUDGED_LIMIT = 2000;
const AUTHORITY = /\b(verified|official|approved|certified|trusted|security|secure|support|admin|helpdesk|it team)\b/i;

/** Judges one request. Throws only when `redirectUri` is no URI, which a matched redirect never is. */
export function identify(facts: IdentityFacts): Identity {
  const destination = describeDestination(facts.redirectUri, facts.registrableDomain);
  if (destination === undefined) throw new Error('identify needs a matched redirect URI');
  const name = cleanDisplayName(facts.name);
  const publisher = facts.documentHost && (facts.registrableDomain(facts.documentHost) ?? facts.documentHost);
  const reviewed =
    facts.catalog.find((entry) => isReviewed(entry, facts, destination)) ?? vouchedFor(facts, name, destination);
  const listed: Listed | undefined = reviewed ?? findListed(facts, name.name, destination);
  const alarms = reviewed ? [] : alarmsOf(facts, name, destination, publisher);
  const confirmed = publisher !== undefined && destination.kind === 'site' && destination.registrable === publisher;
  const tier = reviewed ? 'reviewed' : alarms.length > 0 ? 'alarm' : confirmed ? 'site_confirmed' : 'not_confirmed';
  return {
    tier,
    subject: reviewed ? { kind: 'app', name: reviewed.name } : subjectOf(destination),
    name,
    destination,
    publisher,
    catalogName: listed?.name,
    forwards: listed?.forwarders !== undefined && isListed(listed.forwarders, facts.redirectUri, destination),
    alarms,
    notes: tier === 'reviewed' || tier === 'alarm' ? [] : notesOf(facts, name, destination, publisher, tier),
  };
}

/**
 * One comparable word for the app a person sees: registrations come and go, the name and the destination are what stays.
 * The same for an alarm and a plain unconfirmed app, whose difference is our judgement and not the app's.
 */
export function appWord({ tier, catalogName, publisher, name, destination }: Identity): string {
  if (tier === 'reviewed') return `reviewed\n${catalogName}`;
  return `${tier === 'site_confirmed' ? publisher : ''}\n${name.name}\n${destinationWord(destination)}`;
}

/**
 * An https destination proves itself. Loopback and private schemes prove nothing, so there the entry must also
 * name this very client id.
 */
function isReviewed(entry: CatalogEntry, facts: IdentityFacts, destination: Destination): boolean {
  if (!entry.reviewed || !isListed(entry.destinations, facts.redirectUri, destination)) return false;
  return destination.kind === 'site' || entry.clientIds.includes(facts.clientId);
}

/** What a page says of an app that somebody trusted has named: the catalogue, or the operator by the document's host. */
type Listed = Pick<CatalogEntry, 'name'> & Partial<Pick<CatalogEntry, 'forwarders'>>;

/**
 * The document names its redirects and the operator stands for its host. Loopback and private schemes stay unproved:
 * any program can receive there, whoever published the document (RFC 8252 8.6).
 */
function vouchedFor(facts: IdentityFacts, name: CleanedName, destination: Destination): Listed | undefined {
  const plain = name.name !== '' && !name.hidden && !mixesScripts(name.name);
  return facts.documentTrusted && destination.kind === 'site' && plain ? { name: name.name } : undefined;
}

function findListed(facts: IdentityFacts, name: string, destination: Destination): CatalogEntry | undefined {
  const brands = facts.catalog.map((entry) => ({
    entry,
    names: [entry.name, ...entry.aliases],
    common: entry.commonWord,
    mentionable: false,
  }));
  return findLookAlikes(name, brands)
    .map((match) => match.entry)
    .find((entry) => isListed(entry.destinations, facts.redirectUri, destination));
}

function subjectOf(destination: Destination): Subject {
  if (destination.kind === 'loopback') return { kind: 'this_computer' };
  if (destination.kind === 'scheme') return { kind: 'this_device' };
  if (destination.kind === 'site') return { kind: 'site', domain: destination.registrable };
  return { kind: 'address', host: destination.host };
}

interface KnownBrand extends NamedBrand {
  readonly of: 'catalog' | 'operator' | 'upstream';
  readonly listed: boolean;
  readonly sites: readonly string[];
}

function knownBrands(facts: IdentityFacts, destination: Destination): readonly KnownBrand[] {
  const outside = (of: 'operator' | 'upstream') => (name: string) =>
    ({ names: [name], common: false, mentionable: true, of, listed: false, sites: [] }) as const;
  return [
    ...facts.catalog.map((entry) => ({
      names: [entry.name, ...entry.aliases],
      common: entry.commonWord,
      mentionable: false,
      of: 'catalog' as const,
      listed: isListed(entry.destinations, facts.redirectUri, destination),
      sites: knownSites(entry, facts.registrableDomain),
    })),
    ...facts.operatorNames.map(outside('operator')),
    ...facts.upstreamNames.map(outside('upstream')),
  ];
}

function alarmsOf(
  facts: IdentityFacts,
  name: CleanedName,
  destination: Destination,
  publisher: string | undefined,
): readonly AlarmSignal[] {
  const alarms: AlarmSignal[] = [];
  const raw = (facts.name ?? '').slice(0, JUDGED_LIMIT);
  const matches = findLookAlikes(raw, knownBrands(facts, destination));
  const [first] = matches;
  if (first && !matches.some((match) => match.listed)) {
    alarms.push({ kind: 'looks_like', name: first.names[0] ?? '', of: first.of, sites: first.sites });
  }
  if (name.hidden) alarms.push({ kind: 'hidden_characters' });
  if (mixesScripts(name.name)) alarms.push({ kind: 'mixed_scripts' });
  const own = [publisher, destination.kind === 'site' ? destination.registrable : undefined].filter(
    (site) => site !== undefined,
  );
  if (containsUrl(raw, own)) alarms.push({ kind: 'contains_url' });
  return alarms;
}

function notesOf(
  facts: IdentityFacts,
  name: CleanedName,
  destination: Destination,
  publisher: string | undefined,
  tier: Tier,
): readonly NoteSignal[] {
  const notes: NoteSignal[] = [];
  if (publisher !== undefined && destination.kind === 'site' && publisher !== destination.registrable) {
    notes.push({ kind: 'publisher_differs', publisher });
  }
  if (destination.kind === 'private') notes.push({ kind: 'private_network' });
  if (tier === 'not_confirmed' && AUTHORITY.test(name.name)) notes.push({ kind: 'claims_authority' });
  if (tier === 'not_confirmed' && destination.kind === 'site' && facts.siteUsedBefore === false) {
    notes.push({ kind: 'first_use_of_site' });
  }
  return notes;
}
