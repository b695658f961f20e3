import type { Route } from 'next';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { withBasePath } from '@/lib/base-path';
import { Icon } from './icon';

interface SearchFormProps {
  /** The page that shows what is found, and gets the words as `q`. */
  action: Route;
  label: string;
  placeholder: string;
  button: string;
  words?: string;
  maxLength?: number;
  /** Empties the box, once there is something in it. */
  clear?: { href: Route; label: string };
  /** Fields that go along. */
  children?: ReactNode;
}

/** A box to search in, as a plain form. */
export function SearchForm(props: SearchFormProps) {
  const { action, label, placeholder, button, words = '', maxLength = 100, clear, children } = props;
  return (
    // biome-ignore lint/a11y/useSemanticElements: <search> is newer than DingTalk's webviews
    <form className="search" role="search" action={withBasePath(action)}>
      {children}
      <Icon name="search" size="s" className="icon-plain" />
      <input
        className="search-box"
        type="search"
        name="q"
        aria-label={label}
        placeholder={placeholder}
        defaultValue={words}
        maxLength={maxLength}
        autoComplete="off"
        enterKeyHint="search"
      />
      {clear && words !== '' && (
        <Link className="search-clear" href={clear.href} aria-label={clear.label} prefetch={false}>
          <Icon name="close" size="s" />
        </Link>
      )}
      <button type="submit" className="search-go">
        {button}
      </button>
    </form>
  );
}
