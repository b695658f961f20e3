/** The text of a page without its examples. */
export function withoutExamples(text: string): string {
  return text.replace(/^( *)```[\s\S]*?^\1```$/gm, '');
}

/** A GitHub table. @param rows cells, in which `|` may occur */
export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * What must be the same in both languages of a page: levels of headings, languages of examples, pictures, markers of
 * generated parts, and how many list items and rows of tables stand between them.
 */
export function outlineOf(text: string): string[] {
  const marks: string[] = [];
  let isExample = false;
  for (const line of text.split('\n')) {
    if (line.trimStart().startsWith('```')) {
      isExample = !isExample;
      if (isExample) marks.push(line.trim());
    } else if (!isExample) {
      const mark = /^#+ |!\[[^\]]*(\]\([^)]+\))|^<!-- .* -->$|^ *(?:\||- |\d+\. )/.exec(line);
      if (mark) marks.push((mark[1] ?? mark[0]).replaceAll(/\/zh-CN\b|\.\.\//g, ''));
    }
  }
  return marks;
}

/** Files and anchors that a page points to, other sites left out. */
export function linksIn(text: string): { file: string; anchor: string | undefined }[] {
  const targets = withoutExamples(text).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g);
  return [...targets].map(([, file = '', anchor]) => ({ file, anchor }));
}

/** The anchors that GitHub gives the headings of a page. */
export function anchorsOf(text: string): string[] {
  return [...withoutExamples(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The text between `<!-- name:start -->` and `<!-- name:end -->`; undefined where there are no such markers. */
export function markedPart(text: string, name: string): string | undefined {
  return partPattern(name).exec(text)?.[2]?.trim();
}

/** The page with another text between these markers. */
export function withMarkedPart(text: string, name: string, content: string): string {
  return text.replace(partPattern(name), (_, start, _old, end) => `${start}\n${content}\n\n${end}`);
}

function partPattern(name: string): RegExp {
  return new RegExp(`(<!-- ${name}:start[^>]*-->\n)([\\s\\S]*?)(<!-- ${name}:end -->)`);
}
