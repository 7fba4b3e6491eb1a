/**
 * Writes docs/messages.md from the English sentences; a test keeps the page current.
 */
import { en } from '../../views/messages/en.ts';
import { PAGE_RULES } from '../../views/operator-words.ts';

const INTRODUCTION = `# Messages

<!-- Written from views/messages/en.ts. To renew: npx vitest run --config test/vitest.config.ts test/unit/config-reference.test.ts -u -->

The sentences of the pages that \`messages\` in the [configuration](configuration.md#messages) replaces, by key. Your words keep
every placeholder and every bold mark of the sentence. Sentences with forms by number cannot be replaced and are not here.

| key | English |
|---|---|
`;

/** The whole page as Markdown. */
export function messagesReference(): string {
  const lines = Object.entries(en).flatMap(([key, words]) =>
    typeof words === 'string' && PAGE_RULES.wordsProblem(key, words) === undefined
      ? [`| ${key} | ${code(words)} |`]
      : [],
  );
  return `${INTRODUCTION}${lines.join('\n')}\n`;
}

const code = (words: string): string => `\`${words.replaceAll('|', '\\|')}\``;
