import 'server-only';

/** What a spreadsheet may take for the beginning of a formula, the full-width forms that it corrects included. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** One record as RFC 4180 has it, every field in quotes; nothing in it is a formula to a spreadsheet. */
export function csvRecord(fields: readonly string[]): string {
  return `${fields.map((field) => `"${harmless(field).replaceAll('"', '""')}"`).join(',')}\r\n`;
}

function harmless(field: string): string {
  return FORMULA.test(field) ? `'${field}` : field;
}
