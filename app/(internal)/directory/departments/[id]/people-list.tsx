'use client';

import Link from 'next/link';
import { useEffect, useRef, useState } from 'react';
import { withBasePath } from '@/lib/base-path';
import type { Language } from '@/lib/i18n';
import { directoryPage } from '@/lib/i18n/directory-page';
import type { PeopleResult } from '../../items';
import { PersonRow } from '../../person-row';
import type { DirectoryIcons } from '../../row-icons';

interface PeopleListProps {
  departmentId: number;
  pageSize: number;
  language: Language;
  icons: DirectoryIcons;
  /** The page that the address asks for. */
  first: PeopleResult;
}

type State = 'idle' | 'loading' | 'failed' | 'updated';

/** What was loaded by scrolling, so that "back" from a person shows the list as it was. */
const left = new Map<string, PeopleResult>();

/** A department's people: pages with plain links, loaded one after another as one scrolls. */
export function PeopleList({ departmentId, pageSize, language, icons, first }: PeopleListProps) {
  const text = directoryPage[language];
  const { list, state, loadNext } = usePages(departmentId, first);
  const end = useRef<HTMLAnchorElement>(null);
  const address = (page: number) => `/directory/departments/${departmentId}?page=${page}` as const;

  const load = useRef(loadNext);
  load.current = loadNext;
  const hasMore = list.page < list.pageCount;
  const watched = hasMore && state === 'idle' ? list.page : 0;
  useEffect(() => {
    if (watched === 0 || !end.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && load.current(),
      { rootMargin: '600px 0px' },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [watched]);

  const from = (first.page - 1) * pageSize + 1;
  const to = Math.min(list.page * pageSize, list.peopleCount);
  return (
    <>
      {first.page > 1 && (
        <Link
          className="button button-plain more-button"
          href={address(first.page - 1)}
          prefetch={false}
          rel="prev"
        >
          {text.earlier}
        </Link>
      )}
      <ul className="panel rows">
        {list.people.map((person) => (
          <PersonRow key={person.userId} person={person} text={text} icons={icons} />
        ))}
      </ul>
      {list.pageCount > 1 && (
        <p className="line" role="status">
          {text.shown(from, to, list.peopleCount)}
        </p>
      )}
      {hasMore && (
        <a
          ref={end}
          className="button button-plain more-button"
          href={state === 'updated' ? address(1) : address(list.page + 1)}
          rel="next"
          aria-busy={state === 'loading'}
          data-stays
          onClick={(event) => {
            if (state === 'updated') return;
            event.preventDefault();
            loadNext();
          }}
        >
          {{ idle: text.later, loading: text.loading, failed: text.loadFailed, updated: text.updated }[state]}
        </a>
      )}
    </>
  );
}

/** The pages loaded so far as one list, and how to load the next. */
function usePages(departmentId: number, first: PeopleResult) {
  const key = `${departmentId}/${first.page}/${first.asOf}`;
  const [list, setList] = useState<PeopleResult>(first);
  const [state, setState] = useState<State>('idle');

  useEffect(() => {
    const known = left.get(key);
    if (known) setList(known);
  }, [key]);

  async function loadNext() {
    if (state === 'loading') return;
    setState('loading');
    try {
      const next = await fetchPage(departmentId, list.page + 1);
      if (next.asOf !== first.asOf) return setState('updated');
      const shown = new Set(list.people.map(({ userId }) => userId));
      const people = [...list.people, ...next.people.filter(({ userId }) => !shown.has(userId))];
      const longer = { ...next, people };
      left.set(key, longer);
      setList(longer);
      setState('idle');
    } catch {
      setState('failed');
    }
  }

  return { list, state, loadNext };
}

async function fetchPage(departmentId: number, page: number): Promise<PeopleResult> {
  const response = await fetch(withBasePath(`/api/directory/departments/${departmentId}?page=${page}`));
  // Signed out meanwhile: the page itself leads to the sign-in and back.
  if (response.status === 401) location.reload();
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}
