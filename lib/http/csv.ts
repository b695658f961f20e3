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

/** Without it Excel takes the file for the system's old encoding. */
const BYTE_ORDER_MARK = '\uFEFF';
const CHUNK_LENGTH = 32 * 1024;

/**
 * Records as a file, sent as fast as it is taken and no faster. A failure on the way breaks the download off instead
 * of ending it well.
 */
export function csvStream(records: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let isFirst = true;
  return new ReadableStream({
    async pull(controller) {
      let chunk = isFirst ? BYTE_ORDER_MARK : '';
      isFirst = false;
      while (chunk.length < CHUNK_LENGTH) {
        const { done, value } = await records.next();
        if (done) {
          if (chunk !== '') controller.enqueue(encoder.encode(chunk));
          controller.close();
          return;
        }
        chunk += value;
      }
      controller.enqueue(encoder.encode(chunk));
    },
    async cancel() {
      await records.return(undefined);
    },
  });
}
