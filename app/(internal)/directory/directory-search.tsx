'use client';

import { type MouseEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { withBasePath } from '@/lib/base-path';
import type { Language } from '@/lib/i18n';
import { directoryPage } from '@/lib/i18n/directory-page';
import type { SearchResult } from './items';
import type { DirectoryIcons } from './row-icons';
import { SearchResults } from './search-results';

interface DirectorySearchProps {
  /** What the address asks for. */
  query: string;
  /** What the server found for it; null: nothing was looked for. */
  found: SearchResult | null;
  language: Language;
  icons: DirectoryIcons;
  /** The departments: all that is there while nothing is looked for, beside what was found on wide screens. */
  children: ReactNode;
}

type State = 'idle' | 'searching' | 'failed';

const DEBOUNCE_MS = 120;

/** The search box: a form that works by itself, and finds as one types where there is JavaScript. */
export function DirectorySearch({ query, found, language, icons, children }: DirectorySearchProps) {
  const text = directoryPage[language];
  const { input, result, state, look } = useSearch(query, found);

  /** Empties the box and leaves the cursor in it. */
  function clear(event: MouseEvent): void {
    event.preventDefault();
    if (!input.current) return;
    input.current.value = '';
    input.current.focus();
    look(0);
  }

  const hasFound = result !== null;
  return (
    <div className={hasFound ? 'split split-start' : 'narrow'}>
      <div>
        {/* biome-ignore lint/a11y/useSemanticElements: <search> is newer than DingTalk's webviews */}
        <form
          className="search"
          role="search"
          action={withBasePath('/directory')}
          onSubmit={(event) => {
            event.preventDefault();
            look(0);
            // Puts the phone's keyboard away.
            input.current?.blur();
          }}
        >
          {icons.search}
          <input
            ref={input}
            id="q"
            className="search-box"
            type="search"
            name="q"
            aria-label={text.search}
            defaultValue={query}
            placeholder={text.searchHint}
            maxLength={100}
            enterKeyHint="search"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            // Half a syllable in an input method is not a search.
            onInput={(event) => {
              if (!(event.nativeEvent as InputEvent).isComposing) look(DEBOUNCE_MS);
            }}
            onCompositionEnd={() => look(DEBOUNCE_MS)}
          />
          {hasFound && (
            <a
              className="search-clear"
              href={withBasePath('/directory')}
              aria-label={text.clear}
              onClick={clear}
              data-stays
            >
              {icons.clear}
            </a>
          )}
          <button type="submit" className="search-go">
            {text.searchButton}
          </button>
        </form>
        <p className="line" role="status" aria-busy={state === 'searching'}>
          {toStatus(state, result, text)}
        </p>
        {hasFound && <SearchResults result={result} text={text} icons={icons} onClear={clear} />}
        {!hasFound && state === 'searching' && <Bones label={text.searching} />}
      </div>
      <div className={hasFound ? 'first' : undefined}>{children}</div>
    </div>
  );
}

/** What is found for the text in the box, as one types. `look` looks for it after a delay, in ms. */
function useSearch(query: string, found: SearchResult | null) {
  const [result, setResult] = useState(found);
  const [state, setState] = useState<State>('idle');
  const input = useRef<HTMLInputElement>(null);
  const pending = useRef<{ abort: AbortController; timer: ReturnType<typeof setTimeout> }>(undefined);

  /** Looks for what is in the box, and forgets what was looked for before. */
  const look = useRef((delayMs: number) => {
    if (pending.current) stop(pending.current);
    const wanted = input.current?.value.trim() ?? '';
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      keepInAddress(wanted);
      if (wanted === '') {
        setResult(null);
        setState('idle');
        return;
      }
      setState('searching');
      try {
        setResult(await fetchResult(wanted, abort.signal));
        setState('idle');
      } catch {
        if (!abort.signal.aborted) setState('failed');
      }
    }, delayMs);
    pending.current = { abort, timer };
  }).current;

  useEffect(() => {
    // After "back", or typing before hydration, the box and the address differ from what the server rendered.
    const asked = new URLSearchParams(location.search).get('q') ?? '';
    const box = input.current;
    if (box && box.value === query && asked !== query) box.value = asked;
    if (box && box.value.trim() !== query.trim()) look(0);
    return () => {
      if (pending.current) stop(pending.current);
    };
  }, [look, query]);

  return { input, result, state, look };
}

/** In the place of people who are being looked for. */
function Bones({ label }: { label: string }) {
  return (
    <ul className="panel rows bones" aria-busy="true" aria-label={label}>
      {['a', 'b', 'c'].map((key) => (
        <li key={key}>
          <div className="row">
            <span className="bone bone-round" />
            <span className="row-text">
              <span className="bone bone-s" />
              <span className="bone bone-m" />
            </span>
          </div>
        </li>
      ))}
    </ul>
  );
}

function toStatus(state: State, result: SearchResult | null, text: (typeof directoryPage)[Language]): string {
  if (state === 'failed') return text.searchFailed;
  if (result === null) return state === 'searching' ? text.searching : '';
  const { people, departments, more, query } = result;
  if (people.length === 0 && more) return text.tooMany;
  if (people.length + departments.length === 0) return text.foundNothing(query);
  return text.found(people.length, departments.length, more);
}

/** So that a reload, a bookmark or "back" finds the same. */
function keepInAddress(query: string): void {
  const address = withBasePath(query === '' ? '/directory' : `/directory?q=${encodeURIComponent(query)}`);
  if (location.pathname + location.search === address) return;
  try {
    history.replaceState(null, '', address);
  } catch {
    // Safari allows it a hundred times in half a minute, and the search does not depend on it.
  }
}

function stop({ abort, timer }: { abort: AbortController; timer: ReturnType<typeof setTimeout> }): void {
  abort.abort();
  clearTimeout(timer);
}

async function fetchResult(query: string, signal: AbortSignal): Promise<SearchResult> {
  const response = await fetch(withBasePath(`/api/directory/search?q=${encodeURIComponent(query)}`), {
    signal,
  });
  // Signed out meanwhile: the page itself leads to the sign-in and back.
  if (response.status === 401) location.reload();
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}
