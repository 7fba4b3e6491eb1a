/**
 * What a refused configuration says: a code, the place, the problem and the fix, all of them at once.
 *
 * Must never hold a secret's value; texts name the setting, not what it contains.
 */
export interface Problem {
  readonly code: ProblemCode;
  /** `broker.yaml:7 issuer`. */
  readonly place: string;
  readonly problem: string;
  readonly fix: string;
}

/** Every code with the rule behind it; codes are never reused for another rule. */
export const problemCodes = {
  E100: 'The configuration file must be readable YAML.',
  E101: 'Every environment variable and every file that the configuration refers to must exist and not be empty.',
  E102: 'Only known settings are accepted, so that a misspelt one cannot be silently ignored.',
  E103: 'The issuer is an identity: scheme, host and path as clients will compare them, nothing more.',
  E104: 'Addresses use https; plain http is accepted on loopback only (localhost, 127.0.0.1, [::1]).',
  E105: 'A required setting is missing.',
  E106: 'A setting has the wrong form.',
  E107: 'A duration is a whole number with a unit: 500ms, 60s, 10m, 12h, 90d.',
  E108: 'Secrets have at least the stated number of random bytes and are not an example or a placeholder.',
  E109: 'A secret serves one purpose only.',
  E110: 'A resource names a configured upstream, an administrator one too, and resources that exist.',
  E111: 'Resource identifiers are absolute, without a fragment, and belong to one resource each (RFC 8707).',
  E112: 'A scope has a name of RFC 6749 and a risk of view, change or high.',
  E113: 'A scope implies only scopes of its own resource.',
  E114: 'Extra upstream parameters cannot replace those the protocol depends on (RFC 9700).',
  E115: 'An upstream on a private address needs allow_private: true.',
  E116: 'Trusted proxies are explicit address ranges, never everybody.',
  E117: 'Exceptions for development hosts exist only while the issuer is on loopback.',
  E118: 'Redirect schemes belong to native apps: no web, script or file schemes.',
  E119: 'A pre-registered client is complete and has an id of its own.',
  E120: 'The brand can be drawn: a hexadecimal colour, an existing image.',
  E121: 'Each listener has an address of its own.',
  E122: 'Lifetimes stay inside what the specifications allow and fit together.',
  E123: 'This needs a configuration; in production the demo is never started in its place.',
  E124: 'The secrets must open all that the database holds.',
  E125: 'The setting names something this version does not have.',
  E126: 'A provider is given what it insists on, and nothing that it refuses.',
  E127: 'Own words are for a language and a sentence that exist, and keep the placeholders of that sentence.',
  E128: 'Rules of a resource count only for what a trusted proxy says, and name scopes of that resource.',
  E129: "An upstream's token is handed out only to a server that has a credential of its own.",
  E130: 'The built-in front has an address that is nobody else’s, and a server behind it that is not the broker.',
} as const;

export type ProblemCode = keyof typeof problemCodes;

/** The configuration cannot be used; carries every problem found. */
export class ConfigurationRefused extends Error {
  override readonly name = 'ConfigurationRefused';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => `${problem.code} ${problem.place}: ${problem.problem}`).join('\n'));
    this.problems = problems;
  }
}

/** Plain text for a terminal: one block per problem, then the count. */
export function formatProblems(problems: readonly Problem[]): string {
  const blocks = problems.map(
    ({ code, place, problem, fix }) => `✗ ${code} ${problem}\n  At:  ${place}\n  Fix: ${fix}`,
  );
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${blocks.join('\n')}\n\n${count}. Nothing was started. Rules: docs/configuration.md\n`;
}

/** The fix for a name that is none of these: what there is, or where to add it when there is nothing. */
export const chooseAmong = (known: readonly string[], add: string): string =>
  known.length === 0 ? `nothing is configured; add ${add}` : `configured: ${known.join(', ')}`;

/** The known word closest to what was written, when it is close enough to be meant. */
export function didYouMean(written: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((word) => ({ word, distance: editDistance(written.toLowerCase(), word.toLowerCase()) }))
    .sort((left, right) => left.distance - right.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= Math.max(2, Math.floor(best.word.length / 3)) ? best.word : undefined;
}

function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...left].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...right].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
