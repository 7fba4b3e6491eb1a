/**
 * CSV that a spreadsheet shows and does not run (RFC 4180; OWASP CSV injection).
 *
 * Decides how a value is written. A value that a spreadsheet could take for a formula begins with an apostrophe, which
 * keeps it text.
 */

/** One line with its end. */
export const csvLine = (values: readonly string[]): string => `${values.map(csvValue).join(',')}\r\n`;

function csvValue(value: string): string {
  const text = /^[\s\p{Cc}\p{Cf}]*[=+\-@|%]/u.test(value) || /^[\t\r\n]/.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}
