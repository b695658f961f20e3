'use client';

import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';

/** Arrow keys within a table of links, of which one is in the order of the tab key: 150 stops would be in the way. */
export function GridKeys({ children }: { children: ReactNode }) {
  const root = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const links = linksIn(root.current);
    const first = links.find((link) => link.getAttribute('aria-current')) ?? links[0];
    for (const link of links) link.tabIndex = link === first ? 0 : -1;
  });

  const move = (event: KeyboardEvent) => {
    const link = (event.target as Element).closest('a');
    const step = STEPS[event.key];
    if (!link || !step || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = beside(link, step);
    // At an edge the page scrolls as ever.
    if (!next) return;
    event.preventDefault();
    link.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the links in it are what is operated
    <div ref={root} onKeyDown={move}>
      {children}
    </div>
  );
}

const STEPS: Record<string, { down: number; right: number }> = {
  ArrowDown: { down: 1, right: 0 },
  ArrowUp: { down: -1, right: 0 },
  ArrowRight: { down: 0, right: 1 },
  ArrowLeft: { down: 0, right: -1 },
};

function linksIn(root: Element | null): HTMLAnchorElement[] {
  return [...(root?.querySelectorAll<HTMLAnchorElement>('td a') ?? [])];
}

/** The next link in a direction, over cells without one. */
function beside(link: HTMLAnchorElement, { down, right }: { down: number; right: number }) {
  const cell = link.closest('td');
  const row = cell?.parentElement as HTMLTableRowElement | null;
  const body = row?.parentElement as HTMLTableSectionElement | null;
  if (!cell || !row || !body) return undefined;
  for (
    let at = { row: row.sectionRowIndex + down, column: cell.cellIndex + right };
    ;
    at = { row: at.row + down, column: at.column + right }
  ) {
    const next = body.rows[at.row]?.cells[at.column];
    if (!next) return undefined;
    const found = next.querySelector<HTMLAnchorElement>('a');
    if (found) return found;
  }
}
